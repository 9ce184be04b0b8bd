"""Lines of a policy file: values between commas, comments after `#` at a line's beginning, spaces for looks."""

from collections.abc import Iterator
from dataclasses import dataclass

MAX_BYTES = 1_000_000
"""A policy that a person reads is a hundred times smaller."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line that says something: where it stands (`learner.csv:12`), its kind, and the values after the kind."""

    place: str
    kind: str
    values: tuple[str, ...]


def decode(name: str, content: bytes, problems: list[str]) -> str:
    """Return the text of a file, or nothing and a problem."""
    if len(content) > MAX_BYTES:
        problems.append(f"{name}: larger than {MAX_BYTES} bytes")
        return ""
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        problems.append(f"{name}:{line}: not UTF-8")
        return ""


def lines(name: str, text: str) -> Iterator[Line]:
    """Yield what the file says. Values are stripped; nothing quotes a comma, so no value holds one."""
    # Not splitlines(): it also splits at characters that an editor shows inside a line, and numbers would be off.
    for number, raw in enumerate(text.split("\n"), start=1):
        if (stripped := raw.strip()) and not stripped.startswith("#"):
            kind, *values = (value.strip() for value in stripped.split(","))
            yield Line(f"{name}:{number}", kind, tuple(values))
