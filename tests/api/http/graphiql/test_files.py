"""The files behind the GraphiQL page: others' are as published, ours name no other host, the examples are GraphQL."""

import hashlib
import json
import re
from pathlib import Path
from typing import TypedDict

import pytest
from graphql import OperationDefinitionNode, parse

from api.http.graphiql.page import FOLDER, OWN_FILES, PAGE, VENDORED_FILES

VENDOR = FOLDER / "vendor"
README = VENDOR / "README.md"
SVG_NAMESPACE = 'xmlns="http://www.w3.org/2000/svg"'  # a name, never fetched


class Example(TypedDict):
    name: str
    query: list[str]
    variables: dict[str, object]


def sums() -> dict[str, str]:
    rows = re.findall(r"^\| `([^`]+)` \| `([0-9a-f]{64})` \|$", README.read_text("utf-8"), re.MULTILINE)
    return dict(rows)


def examples() -> list[Example]:
    loaded: list[Example] = json.loads((FOLDER / "examples.json").read_text("utf-8"))
    return loaded


def own_text(name: str) -> str:
    return (FOLDER / name).read_text("utf-8").replace(SVG_NAMESPACE, "")


def test_every_vendored_file_is_listed_and_none_is_missing() -> None:
    present = {path.relative_to(VENDOR).as_posix() for path in VENDOR.rglob("*") if path.is_file() and path != README}
    assert set(sums()) == present
    assert {name.removeprefix("vendor/") for name in VENDORED_FILES} <= present


@pytest.mark.parametrize("name", sorted(sums()))
def test_a_vendored_file_is_the_published_one(name: str) -> None:
    assert hashlib.sha256((VENDOR / name).read_bytes()).hexdigest() == sums()[name]


def test_every_vendored_package_comes_with_its_licence() -> None:
    folders = [path for path in VENDOR.iterdir() if path.is_dir()]
    assert len(folders) == 3
    for folder in folders:
        assert "MIT License" in (folder / "LICENSE").read_text("utf-8")
        package, _, version = folder.name.rpartition("-")
        assert f"| {package} | {version} | MIT |" in README.read_text("utf-8")


def test_the_vendored_style_sheet_carries_all_that_it_needs() -> None:
    for path in VENDOR.rglob("*.css"):
        text = path.read_text("utf-8")
        assert "@import" not in text
        targets = re.findall(r"url\(\s*[\"']?([a-z]+:|[^)]{1,40})", text)
        assert targets
        assert set(targets) == {"data:"}


def test_the_vendored_scripts_build_no_code_and_start_no_worker() -> None:
    for path in VENDOR.rglob("*.js"):
        text = path.read_text("utf-8")
        found = re.findall(
            r"\beval\(|\bnew Function\b|\bFunction\([\"']|\bnew (?:Shared)?Worker\b|\bimportScripts\b", text
        )
        assert found == [], path.name


@pytest.mark.parametrize("name", [PAGE, *OWN_FILES])
def test_our_own_files_name_no_other_host(name: str) -> None:
    assert re.findall(r"(?:\b[a-z]+:)?//\w\S*|\bwss?:", own_text(name)) == []


@pytest.mark.parametrize("name", [name for name in OWN_FILES if name.endswith(".js")])
def test_our_own_scripts_keep_nothing_beyond_the_tab_and_open_no_second_channel(name: str) -> None:
    forbidden = (
        r"\b(?:localStorage|indexedDB|document\.cookie|new WebSocket|new EventSource|sendBeacon|innerHTML|eval)\b"
    )
    assert re.findall(forbidden, own_text(name)) == []


def test_the_token_is_written_by_one_file_and_read_into_one_header() -> None:
    scripts = {name: own_text(name) for name in OWN_FILES if name.endswith(".js")}
    assert [name for name, text in scripts.items() if "sessionStorage.setItem" in text] == ["token-box.js"]
    assert [name for name, text in scripts.items() if '"Authorization"' in text] == ["fetcher.js"]


def test_the_examples_have_distinct_names() -> None:
    names = [example["name"] for example in examples()]
    assert len(names) >= 2
    assert len(set(names)) == len(names)


@pytest.mark.parametrize("example", examples(), ids=lambda example: str(example["name"]))
def test_an_example_is_one_named_operation_with_the_variables_it_declares(example: Example) -> None:
    assert set(example) == {"name", "query", "variables"}
    document = parse("\n".join(example["query"]))
    operations = [node for node in document.definitions if isinstance(node, OperationDefinitionNode)]
    assert len(operations) == 1
    assert operations[0].name is not None
    declared = {definition.variable.name.value for definition in operations[0].variable_definitions or ()}
    assert set(example["variables"]) <= declared


def test_the_page_and_all_its_files_are_inside_the_package() -> None:
    for name in (PAGE, *OWN_FILES, *VENDORED_FILES):
        path: Path = FOLDER / name
        assert path.resolve().is_relative_to(FOLDER.resolve())
        assert path.is_file()
