"""The verifier as an auditor starts it: alone, with nothing of the product in reach."""

import ast
import subprocess
import sys
from base64 import b64decode, b64encode
from hashlib import sha256
from pathlib import Path

import pytest

from tests.tools.exports import Signer, Trail, random_trail, written
from tests.tools.verifying import TOOL


@pytest.fixture
def trail() -> Trail:
    return random_trail(5, length=10)


@pytest.fixture
def export(trail: Trail, tmp_path: Path) -> Path:
    path = tmp_path / "export.jsonl"
    path.write_bytes(written(trail.lines()))
    return path


def run(*arguments: object, given: bytes = b"", zone: str = "UTC") -> tuple[int, str, str]:
    """Run the verifier in a process of its own, in a time zone; return its status and what it wrote."""
    command = [sys.executable, "-I", str(TOOL), *map(str, arguments)]
    found = subprocess.run(command, input=given, capture_output=True, check=False, timeout=60, env={"TZ": zone})
    return found.returncode, found.stdout.decode(), found.stderr.decode()


def test_it_needs_python_and_an_ed25519_function_alone() -> None:
    tree = ast.parse(TOOL.read_text())
    found = [node for node in ast.walk(tree) if isinstance(node, ast.Import | ast.ImportFrom)]
    assert set(tree.body) >= set(found), "imports stand at the top"
    names = {
        name
        for node in found
        for name in ([node.module or ""] if isinstance(node, ast.ImportFrom) else [it.name for it in node.names])
    }
    assert {name for name in names if name.split(".")[0] not in sys.stdlib_module_names} == {
        "cryptography.exceptions",
        "cryptography.hazmat.primitives.asymmetric.ed25519",
    }


def test_a_good_export_is_told_in_a_line(trail: Trail, export: Path, tmp_path: Path) -> None:
    keys = tmp_path / "keys"
    keys.write_text("".join(f"{key.vkey}\n" for key in trail.keys))
    status, output, errors = run(export, "--keys", keys)
    assert (status, output.count("\n"), errors) == (0, 1, "")
    assert output.startswith(f"ok: 10 positions, {len(trail.sealings)} checkpoints, 0 kept apart ")
    assert trail.tenant in output
    options = [option for key in trail.keys for option in ("--key", key.vkey)]
    assert run("-", *options, given=export.read_bytes()) == (status, output, errors)


def test_problems_are_told_in_lines_and_counted(trail: Trail, export: Path) -> None:
    changed = export.read_bytes().replace(b'"position":4', b'"position":5', 1)
    status, output, errors = run("-", "--key", trail.keys[0].vkey, "--key", trail.keys[1].vkey, given=changed)
    assert (status, errors) == (1, "")
    *lines, last = output.splitlines()
    assert lines[:2] == ["position 4: gap: position 5 comes next", "position 5: order: it comes where 6 is next"]
    assert last.startswith(f"{len(lines)} problems: 10 positions, ")


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (b"", "not an export: "),
        (b"text\n", "not an export: "),
        (b"\xff\xfe\n", "not an export: "),
        (b"[]", "not an export: "),
        (b'{"kind":"end","positions":0,"size":0}\n', "not an export of format 1"),
    ],
)
def test_what_is_no_export_is_refused_in_a_sentence(given: bytes, told: str, trail: Trail) -> None:
    status, output, errors = run("-", "--key", trail.keys[0].vkey, given=given)
    assert (status, output) == (2, "")
    assert errors.startswith(f"verify_trail: {told}")
    assert errors.count("\n") == 1


def test_another_format_is_refused_in_a_sentence(trail: Trail, export: Path) -> None:
    given = export.read_bytes().replace(b'"format":1', b'"format":2')
    assert run("-", "--key", trail.keys[0].vkey, given=given) == (2, "", "verify_trail: not an export of format 1\n")


def test_without_a_key_of_the_tenant_nothing_is_verified(trail: Trail, export: Path, tmp_path: Path) -> None:
    keys = tmp_path / "keys"
    keys.write_text("\n")
    assert run(export) == run(export, "--keys", keys) == (2, "", "verify_trail: no key is given: --key or --keys\n")
    other = Signer("sextrontgen/trail/another", bytes(32)).vkey
    told = "verify_trail: none of the keys given is of the export's origin\n"
    assert run(export, "--key", other) == (2, "", told)
    assert run(export, "--key", other, "--key", trail.keys[0].vkey, "--key", trail.keys[1].vkey)[0] == 0


def _id(name: str, key: bytes) -> str:
    return sha256(name.encode() + b"\n" + key).hexdigest()[:8]


@pytest.mark.parametrize("change", ["", "no key", "-id", "-key", "-kind", "é"])
def test_a_key_that_is_none_is_refused_in_a_sentence(change: str, trail: Trail, export: Path) -> None:
    name, told, key = trail.keys[0].vkey.split("+", 2)
    other_kind = b"\4" + b64decode(key)[1:]
    vkey = {
        "-id": f"{name}+{int(told, 16) ^ 1:08x}+{key}",
        "-key": f"{name}+{told}+{key[:-4]}",
        "-kind": f"{name}+{_id(name, other_kind)}+{b64encode(other_kind).decode()}",
    }.get(change, change)
    told = "" if change == "é" else f"not a public key of the form name+id+key: {vkey}\n"
    status, output, errors = run(export, "--key", vkey)
    assert (status, output, errors.count("\n")) == (2, "", 1)
    assert errors.startswith(f"verify_trail: {told}")


def test_files_that_are_not_there_are_told_in_a_sentence(trail: Trail, export: Path, tmp_path: Path) -> None:
    missing, key = tmp_path / "missing", ("--key", trail.keys[0].vkey)
    for arguments in ((missing, *key), (tmp_path, *key), (export, "--keys", missing)):
        status, output, errors = run(*arguments)
        assert (status, output, errors.count("\n")) == (2, "", 1)
        assert str(tmp_path) in errors
    binary = tmp_path / "binary"
    binary.write_bytes(b"\xff")
    assert run(export, "--keys", binary)[0] == 2


def test_what_it_writes_is_ascii_whatever_files_are_called(trail: Trail, export: Path, tmp_path: Path) -> None:
    folder = tmp_path / "kept" / trail.tenant / "día"
    folder.mkdir(parents=True)
    (folder / "nota\n\udcff.txt").write_bytes(b"")
    keys = [option for key in trail.keys for option in ("--key", key.vkey)]
    status, output, _ = run(export, *keys, "--checkpoints", tmp_path / "kept")
    assert (status, output.count("\n")) == (1, 2)
    assert output.isascii()


def test_now_is_in_utc_unless_it_says_otherwise(trail: Trail) -> None:
    trail.events[0]["retention_years"] = 1
    trail.sealings[0].time = "2021-01-01T00:00:00.000000Z"
    keys = [option for key in trail.keys for option in ("--key", key.vkey)]
    export = written(trail.lines(gone=[0]))
    for zone in ("UTC", "Asia/Tokyo", "America/Lima"):
        for now, status in (("2021-12-31T23:59", 1), ("2022-01-01T00:00", 0), ("2022-01-01T00:59+01:00", 1)):
            assert run("-", *keys, "--now", now, given=export, zone=zone)[0] == status
    assert run("-", *keys, given=export)[0] == 0


@pytest.mark.parametrize("arguments", [[], ["export", "--now", "yesterday"], ["export", "--unknown"]])
def test_a_command_line_that_is_wrong_is_refused(arguments: list[str]) -> None:
    status, output, errors = run(*arguments)
    assert (status, output) == (2, "")
    assert "usage: verify_trail.py" in errors
