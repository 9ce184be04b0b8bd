"""Starting PostgreSQL again when it ends under a program that still needs it: killed, or out of space and memory."""

import threading
from collections.abc import Callable

from tenants.embedded.errors import EmbeddedServerError

_LOOK = 0.25  # seconds between two looks
_BREATH = 2.0  # seconds after a start that failed


class Keeper:
    """A thread that looks whether the server lives and, if not, starts it again; until `end`."""

    def __init__(self, ended: Callable[[], bool], start_again: Callable[[], None], say: Callable[[str], None]) -> None:
        self._ended = ended
        self._start_again = start_again
        self._say = say
        self._leave = threading.Event()
        self._thread = threading.Thread(target=self._keep, name="postgres-keeper", daemon=True)
        self._thread.start()

    def end(self) -> None:
        """Stop looking; returns when nothing is being started any more."""
        self._leave.set()
        self._thread.join()

    def _keep(self) -> None:
        last_said = ""
        pause = _LOOK
        while not self._leave.wait(pause):
            pause = _LOOK
            if not self._ended():
                continue
            try:
                self._start_again()
                sentence = "PostgreSQL had ended by itself and has been started again."
            except EmbeddedServerError as error:
                sentence = f"PostgreSQL has ended and does not start again yet: {error}"
                pause = _BREATH
            if sentence != last_said or pause == _LOOK:
                self._say(sentence)
            last_said = sentence
