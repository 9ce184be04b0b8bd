"""`audit export` into a file that is there: gone on with where it was cut off, and nothing else touched."""

from itertools import pairwise
from pathlib import Path

import pytest

from tests.api.commands.audited import Audited, said
from tests.api.commands.exports import exports_on_record, is_verified, lines_of


def test_what_was_cut_off_anywhere_is_gone_on_with_to_the_same_bytes(
    audited: Audited, whole: Path, tmp_path: Path
) -> None:
    assert is_verified(audited, whole)
    content, file = whole.read_bytes(), tmp_path / "export.jsonl"
    ends = [place + 1 for place, byte in enumerate(content) if byte == ord("\n")]
    # After each line, a byte before and after its end, and in its middle.
    cuts = {at for end in ends for at in (end - 100, end - 1, end, end + 1) if ends[0] <= at < len(content)}
    kinds = [line["kind"] for line in lines_of(content)]
    assert {("event", "checkpoint"), ("checkpoint", "event"), ("checkpoint", "end")} <= set(pairwise(kinds))
    for cut in [*sorted(cuts)[:: max(1, len(cuts) // 40)], ends[-2], len(content) - 1]:
        file.write_bytes(content[:cut])
        ended = audited.export(file)
        assert ended.returncode == 0, ended.stderr
        assert file.read_bytes() == content, cut


def test_each_checkpoint_is_written_once_wherever_the_export_was_cut_off(
    audited: Audited, whole: Path, tmp_path: Path
) -> None:
    content, file = whole.read_bytes(), tmp_path / "export.jsonl"
    lines = content.splitlines(keepends=True)
    for number, line in enumerate(lines):
        if b'{"kind":"checkpoint"' in line:
            for count in (number, number + 1):
                file.write_bytes(b"".join(lines[:count]) + b'{"kind":"ch')
                assert audited.export(file).returncode == 0
                assert file.read_bytes() == content, count


def test_one_that_was_cut_off_in_its_first_line_is_begun_again(audited: Audited, whole: Path, tmp_path: Path) -> None:
    file, header = tmp_path / "export.jsonl", whole.read_bytes().index(b"\n")
    for cut in (0, 1, 20, header):
        file.write_bytes(whole.read_bytes()[:cut])
        assert audited.export(file).returncode == 0
        assert is_verified(audited, file)


def test_a_complete_one_is_left_alone(audited: Audited, whole: Path) -> None:
    content, before = whole.read_bytes(), len(exports_on_record(audited))
    ended = audited.export(whole)
    assert ended.returncode == 0
    assert f"{whole} is complete already" in ended.stderr
    assert whole.read_bytes() == content
    assert len(exports_on_record(audited)) == before


@pytest.mark.parametrize(
    "content",
    [
        b"dear diary",
        b"dear diary\n",
        b"dear diary\nhalf a line",
        b"{}\n",
        b"[]\n",
        b"\xff\xfe\n",
        b'{"kind":"trail"}\n',
        b'{"kind":"trail","format":1,"tenant":"TENANT"}\n',
        b'{"kind":"trail","format":1,"tenant":"TENANT","first":0,"size":5}\n{"kind":"event"}\nhalf',
        b'{"kind":"trail","format":1,"tenant":"TENANT","first":0,"size":5}\n{"kind":"checkpoint","note":"x"}\n',
        b'{"kind":"trail","format":1,"tenant":"TENANT","first":0,"size":5}\ndear diary\nhalf',
    ],
)
def test_a_file_that_is_no_export_is_refused_and_left_as_it_is(
    audited: Audited, tmp_path: Path, content: bytes
) -> None:
    content = content.replace(b"TENANT", str(audited.tenant_id()).encode())
    file = tmp_path / "diary"
    file.write_bytes(content)
    told = said(audited.export(file))
    assert "name another" in told
    assert file.read_bytes() == content


def test_an_export_of_another_tenant_is_not_gone_on_with(audited: Audited, whole: Path, tmp_path: Path) -> None:
    file, part = tmp_path / "export.jsonl", whole.read_bytes()[:3000]
    file.write_bytes(part)
    assert "is no export of this tenant: name another" in said(audited.export(file, slug="riverside"))
    assert file.read_bytes() == part


def test_another_time_than_it_was_begun_with_is_refused_and_the_file_left_as_it_was(
    audited: Audited, whole: Path, tmp_path: Path
) -> None:
    file = tmp_path / "begun.jsonl"
    begun = whole.read_bytes()[:-40]
    file.write_bytes(begun)
    for option in ("--from", "--to"):
        assert "was begun with another time" in said(audited.export(file, option, "2026-01-01"))
        assert file.read_bytes() == begun
