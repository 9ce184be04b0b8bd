"""The verifier, loaded from its file, and what it says about an export."""

import re
from collections.abc import Iterable, Mapping, Sequence
from contextlib import redirect_stdout
from dataclasses import dataclass
from importlib.util import module_from_spec, spec_from_file_location
from io import StringIO
from pathlib import Path
from typing import Any

from tests.tools.exports import NOW

TOOL = Path(__file__).parents[2] / "tools" / "verify_trail.py"
_PROBLEM = re.compile(r"positions? ([0-9]+)(?:-([0-9]+))?: ([a-z]+): .*")


def _load() -> Any:
    spec = spec_from_file_location("verify_trail", TOOL)
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


verify_trail = _load()


@dataclass(frozen=True)
class Problem:
    """A problem with positions: the first and the last."""

    kind: str
    first: int
    last: int


@dataclass(frozen=True)
class Verdict:
    """What the verifier said."""

    status: int
    lines: list[str]

    @property
    def problems(self) -> list[Problem]:
        """The problems that have positions."""
        found = [match.groups() for line in self.lines if (match := _PROBLEM.fullmatch(line))]
        return [Problem(kind, int(first), int(last or first)) for first, last, kind in found]

    @property
    def kinds(self) -> list[str]:
        """The kinds of problem, in order."""
        return [problem.kind for problem in self.problems]


def verified(
    place: Path, export: bytes, keys: Iterable[str], kept: Mapping[str, str] | None = None, now: str = NOW
) -> Verdict:
    """Verify an export, with a folder of checkpoints where `kept` are given; everything is written under `place`."""
    file = place / "export.jsonl"
    file.write_bytes(export)
    options = [option for key in keys for option in ("--key", key)]
    if kept is not None:
        options += ["--checkpoints", str(write_folder(place / "kept", kept))]
    return said([str(file), "--now", now, *options])


def said(arguments: Sequence[str]) -> Verdict:
    """Return what the verifier says in this process."""
    with redirect_stdout(StringIO()) as output:
        status = verify_trail.main(list(arguments))
    return Verdict(status, output.getvalue().splitlines())


def write_folder(folder: Path, kept: Mapping[str, str]) -> Path:
    """Write checkpoints as files."""
    folder.mkdir(exist_ok=True)
    for path, note in kept.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(note, newline="")
    return folder
