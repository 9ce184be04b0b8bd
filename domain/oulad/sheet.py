"""Reading one published file strictly: one record a line, the published header, every byte accounted for."""

import csv
import hashlib
import stat
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from domain.oulad.problems import FollowUpError, Problems, RowError, excerpt
from domain.oulad.row import Row

Report = Callable[[int, int], None]
"""Takes how much is done and how much there is."""

_LONGEST_LINE = 1_000
_LARGEST_FILE = 64 * 2**20
_REPORT_EVERY = 4096


@dataclass(frozen=True, slots=True)
class Form:
    """The name of a published file and the columns that it has, in this order."""

    name: str
    columns: tuple[str, ...]


class Sheet:
    """A file of the form `form` in `folder`. What is wrong with it goes to `problems`."""

    def __init__(self, folder: Path, form: Form, problems: Problems, report: Report) -> None:
        self.form = form
        self._path = folder / form.name
        self._problems = problems
        self._report = report
        self._hash = hashlib.sha256()

    @property
    def digest(self) -> bytes:
        """The SHA-256 of the bytes read so far."""
        return self._hash.digest()

    def check(self, take: Callable[[Row], None]) -> bool:
        """Give every row to `take`, which raises `RowError` for a wrong one; tell whether all were taken."""
        before = self._problems.found
        rows = not_taken = 0
        for row in self.rows():
            rows += 1
            try:
                take(row)
            except RowError as error:
                self.add(row.line, str(error))
            except FollowUpError:
                not_taken += 1
        if rows == 0 and self._problems.found == before:
            self._problems.add(self.form.name, "has no rows")
        return self._problems.found == before and not not_taken

    def rows(self) -> Iterator[Row]:
        """Yield the rows. A line that cannot be one goes to the problems; a file that cannot be read yields none."""
        try:
            status = self._path.stat()
            if not stat.S_ISREG(status.st_mode):
                self._problems.add(self.form.name, "is not a file")
            elif status.st_size > _LARGEST_FILE:
                self._problems.add(self.form.name, f"is larger than {_LARGEST_FILE:,} bytes; the published one is not")
            else:
                with self._path.open("rb") as file:
                    yield from self._records(file, status.st_size)
        except FileNotFoundError:
            self._problems.add(self.form.name, "is missing from the folder")
        except OSError as error:
            self._problems.add(self.form.name, f"cannot be read: {error.strerror}")

    def add(self, line: int, reason: str) -> None:
        """Note that `line` is wrong for `reason`."""
        self._problems.add(f"{self.form.name}:{line}", reason)

    def _records(self, file: BinaryIO, size: int) -> Iterator[Row]:
        lines = self._lines(file, size)
        first, header = next(lines, (1, ()))
        if first != 1:
            return  # the header is no line of CSV, which is reported
        if tuple(header) != self.form.columns:
            self.add(1, f"the header is not {','.join(self.form.columns)} but {excerpt(','.join(header))}")
            return
        for line, values in lines:
            if len(values) != len(self.form.columns):
                self.add(line, f"has {len(values)} columns instead of {len(self.form.columns)}")
            else:
                yield Row(line, dict(zip(self.form.columns, values, strict=True)))

    def _lines(self, file: BinaryIO, size: int) -> Iterator[tuple[int, Sequence[str]]]:
        """Yield each line's number, from 1, and its values. One line is one record: no value has a line break."""
        self._report(0, size)
        done = line = 0
        while raw := file.readline(_LONGEST_LINE):
            line += 1
            done += len(raw)
            self._hash.update(raw)
            if not raw.endswith(b"\n"):
                done += self._skip_rest(file, line, raw)
            else:
                try:
                    yield line, _values(raw)
                except RowError as error:
                    self.add(line, str(error))
            if done > _LARGEST_FILE:
                self.add(line, "the file grew while it was being read")
                return
            if line % _REPORT_EVERY == 0:
                self._report(min(done, size), size)
        self._report(size, size)

    def _skip_rest(self, file: BinaryIO, line: int, raw: bytes) -> int:
        """Read on to the end of a line that is too long, or that the file ends in; return how many bytes that were."""
        skipped = 0
        too_long = len(raw) == _LONGEST_LINE
        while too_long and (more := file.readline(_LONGEST_LINE)):
            self._hash.update(more)
            skipped += len(more)
            if more.endswith(b"\n") or skipped > _LARGEST_FILE:
                break
        reason = f"is longer than {_LONGEST_LINE} bytes" if too_long else "does not end: the file seems to be cut off"
        self.add(line, reason)
        return skipped


def _values(raw: bytes) -> Sequence[str]:
    if b"\0" in raw:
        raise RowError("has a NUL character")
    try:
        text = raw.decode("utf-8").removesuffix("\n").removesuffix("\r")
    except UnicodeDecodeError:
        raise RowError("is not UTF-8") from None
    try:
        # A reader per line: a quotation mark that is never closed cannot swallow the lines behind it.
        return next(csv.reader((text,), strict=True))
    except csv.Error as error:
        unclosed = "unexpected end of data" in str(error)
        reason = "a quotation mark is not closed" if unclosed else "a quotation mark or line break is out of place"
        raise RowError(reason) from None
