"""The heat map is whole, says what the mask says, loads and runs nothing, and can be read by everybody."""

import base64
import hashlib
import re
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path

import pytest

from authz.heatmap import page
from authz.loading import POLICY_FOLDER, Policy, load
from authz.mask import Mask
from authz.rules import action_on
from authz.viewer import Role, SubjectClass
from tests.authz.example import CATALOGUE, appended, copy_of_the_policy


class Reader(HTMLParser):
    """Reads a page: every start tag, the texts inside `title`d cells, and whether all tags are closed."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[tuple[str, str]] = []
        self.open: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag != "meta":
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and data.strip():
            self.texts.append((self.open[-1], data))

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]


@pytest.fixture(scope="module")
def mask() -> Mask:
    return Mask(load(POLICY_FOLDER, CATALOGUE))


@pytest.fixture(scope="module")
def text(mask: Mask) -> str:
    return page(mask)


@pytest.fixture(scope="module")
def read(text: str) -> Reader:
    return Reader(text)


def rows(text: str, anchor: str) -> dict[str, list[tuple[int, str, str]]]:
    """Return of one table, per field, each role's heat, letters and hover text."""
    table = text.partition(f'<h2 id="{anchor}">')[2].partition("</table>")[0]
    cell = r'<td class="cell heat(\d)" title="([^"]*)"><span aria-hidden="true">([^<]*)</span>'
    found = {}
    for row in table.split("<tr>")[2:]:
        name = re.search(r'class="field">(\w+)<', row)
        assert name is not None
        found[name[1]] = [(int(heat), letters, hover) for heat, hover, letters in re.findall(cell, row)]
    return found


def test_the_page_is_well_formed_and_each_name_in_it_is_there_once(read: Reader) -> None:
    assert read.open == []
    names = [name for _, attributes in read.tags if (name := attributes.get("id"))]
    assert len(names) == len(set(names))
    links = [it["href"] for it in read.all("a")]
    assert set(links) <= {f"#{name}" for name in names}
    assert {link for link in links if link} >= {f"#{type_name}-{action_on(f'{type_name}.')}" for type_name in CATALOGUE}


def test_the_page_loads_nothing_runs_nothing_and_says_so(text: str, read: Reader) -> None:
    assert {tag for tag, _ in read.tags}.isdisjoint({"script", "link", "img", "iframe", "object", "form", "base"})
    assert not [name for _, attributes in read.tags for name in attributes if name.startswith("on") or name == "style"]
    assert "url(" not in text
    assert "@import" not in text
    assert "://" not in text
    (told,) = (it["content"] for it in read.all("meta") if it.get("http-equiv") == "Content-Security-Policy")
    style = text.partition("<style>")[2].partition("</style>")[0]
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert told == f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    # What comes before it in the page would not be bound by it.
    assert text.index("Content-Security-Policy") < text.index("<style>")


def test_every_cell_says_by_letters_what_the_mask_says(mask: Mask, text: str) -> None:
    for type_name, fields in CATALOGUE.items():
        action = action_on(f"{type_name}.")
        shown = rows(text, f"{type_name}-{action}")
        assert list(shown) == list(fields)
        for name, cells in shown.items():
            for role, (_, letters, _) in zip(Role, cells, strict=True):
                assert letters == letters_of(mask, role, f"{type_name}.{name}", action)


def letters_of(mask: Mask, role: Role, field: str, action: str) -> str:
    found = ""
    for subject in SubjectClass:
        answers = [mask.decide(role, field, subject, it, action=action).allowed for it in mask.purposes(role)]
        found += subject[0] if all(answers) else f"({subject[0]})" if any(answers) else ""
    return found or "-"


def test_the_heat_rises_with_what_is_readable(tmp_path: Path) -> None:
    folder = copy_of_the_policy(tmp_path)
    appended(folder, "learner.csv", "p, role:support, *, Learner.accessLog, read, adult, SUPPORT_CASE, allow")
    learner = rows(page(Mask(load(folder, CATALOGUE))), "Learner-read")
    support = [learner[field][list(Role).index(Role.SUPPORT)][:2] for field in ("accessLog", "lastDevice")]
    assert support == [(1, "(a)"), (2, "a(m)")]
    heat = dict(zip(Role, learner["lastIp"], strict=True))
    assert [heat[role][:2] for role in (Role.INSTRUCTOR, Role.SUPPORT, Role.SECURITY, Role.LEARNER)] == [
        (0, "-"),
        (1, "(a)(m)"),
        (2, "am"),
        (4, "amr"),
    ]
    assert {(letters == "-", heat == 0) for it in learner.values() for heat, letters, _ in it} == {
        (True, True),
        (False, False),
    }


def test_over_a_cell_stands_the_line_that_decides(mask: Mask, text: str) -> None:
    cells = dict(zip(Role, rows(text, "Learner-read")["pictureUrl"], strict=True))
    purpose = mask.purposes(Role.INSTRUCTOR)[0]
    places = {it: mask.decide(Role.INSTRUCTOR, "Learner.pictureUrl", it, purpose).rule for it in SubjectClass}
    assert cells[Role.INSTRUCTOR][2].split("\n") == [
        "instructor, Learner.pictureUrl",
        f"adult: yes, {places[SubjectClass.ADULT]}",
        f"minor: no, {places[SubjectClass.MINOR]}",
        "restricted: no, nothing said",
    ]
    support = dict(zip(Role, rows(text, "Learner-read")["lastDevice"], strict=True))[Role.SUPPORT][2]
    assert "minor, SUPPORT_CASE: no, nothing said\nminor, FRAUD_PREVENTION: yes, learner.csv:" in support


def test_what_may_be_written_and_called_stands_under_headings_of_its_own(mask: Mask, tmp_path: Path) -> None:
    folder = copy_of_the_policy(tmp_path)
    appended(folder, "seat.csv", "p, role:privacy, *, Seat.email, write, adult, *, allow")
    found = page(Mask(load(folder, CATALOGUE)))
    written = rows(found, "Seat-write")
    assert list(written) == ["email"]
    cells = dict(zip(Role, written["email"], strict=True))
    assert {role for role, cell in cells.items() if cell[1] != "-"} == {Role.PRIVACY}
    assert rows(found, "Seat-read") == rows(page(mask), "Seat-read")
    assert "Seat: who may write</h2>" in found
    assert "Mutation: who may call</h2>" in found
    assert "Mutation-read" not in found


def test_the_version_the_categories_and_the_legend_are_there(mask: Mask, text: str, read: Reader) -> None:
    assert f"Policy version <code>{mask.version}</code>" in text
    categories = {data for tag, data in read.texts if tag == "td"}
    assert categories == {category for fields in CATALOGUE.values() for category in fields.values()}
    assert [f"heat{heat}" in text.partition('id="legend"')[2].partition("</ul>")[0] for heat in range(5)] == [True] * 5


def test_no_word_of_a_policy_is_taken_for_markup(mask: Mask) -> None:
    evil = """<script>alert("&'x'")</script>"""
    renamed = Policy(
        version=evil,
        model=mask.policy.model,
        words=mask.policy.words,
        rules=(),
        grantable=(),
        catalogue={evil: {evil: evil}},
    )
    found = page(Mask(renamed))
    assert "<script" not in found
    assert "alert(&quot;" in found
    assert Reader(found).open == []


def test_a_policy_has_one_page(mask: Mask, text: str) -> None:
    assert page(Mask(mask.policy)) == text


def luminance(colour: str) -> float:
    """Return the relative luminance of `#rrggbb`, 0 to 1 (WCAG 2.2, definition of relative luminance)."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (it / 12.92 if it <= 0.04045 else ((it + 0.055) / 1.055) ** 2.4 for it in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_text_can_be_read_on_its_colour(text: str, scheme: str) -> None:
    style = text.partition("<style>")[2].partition("</style>")[0]
    light, dark = style.split("prefers-color-scheme: dark")
    colours = dict(re.findall(r"--([\w]+): (#[0-9a-f]{6})", light if scheme == "light" else dark))
    pairs = [(f"on{it}", f"heat{it}") for it in range(5)]
    pairs += [(front, "page") for front in ("text", "quiet", "link")] + [("text", "head")]
    for front, back in pairs:
        assert contrast(colours[front], colours[back]) >= 4.5, (front, back)
    steps = [luminance(colours[f"heat{it}"]) for it in range(5)]
    assert all((one > other) == (scheme == "light") for one, other in pairwise(steps))
