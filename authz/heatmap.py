"""The matrix as a page for a browser: one file that loads nothing, runs nothing and prints; the same for one policy."""

import base64
import hashlib
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from math import ceil
from pathlib import Path

from authz.explain import Cell, letter, matrix
from authz.mask import Mask
from authz.rules import action_on
from authz.viewer import Role, SubjectClass

_STYLE = Path(__file__).with_name("heatmap.css")
_HOTTEST = 4
_SCALE = (
    ("-", "nothing"),
    ("a", "up to a third"),
    ("am", "up to two thirds"),
    ("am(r)", "nearly all"),
    ("amr", "every kind and purpose"),
)
_TITLES = {"read": "{}", "write": "{}: who may write", "call": "{}: who may call"}


@dataclass(frozen=True, slots=True)
class _Section:
    """One table: what may be done to the fields of one type, by field and role."""

    type_name: str
    action: str
    cells: Mapping[str, Mapping[Role, Sequence[Cell]]]

    @property
    def anchor(self) -> str:
        return f"{self.type_name}-{self.action}"

    @property
    def title(self) -> str:
        return _TITLES[self.action].format(self.type_name)


def page(mask: Mask) -> str:
    """Return the page: a table per type, fields down and roles across, coloured by how much may be read.

    Every colour has its letters beside it, every cell its deciding line as the text that appears over it.
    """
    sections = list(_sections(mask))
    style = _STYLE.read_text(encoding="utf-8")
    parts = [*_head(mask.version, style), *_contents(sections), *_legend()]
    for section in sections:
        parts += _table(section)
    return "\n".join((*parts, "</main>", "</body>", "</html>", ""))


def _sections(mask: Mask) -> Iterator[_Section]:
    for type_name, names in mask.policy.catalogue.items():
        fields = [f"{type_name}.{name}" for name in names]
        yield _section(mask, type_name, action_on(fields[0]), fields)
        if written := [field for field in fields if any(rule.said.action == "write" for rule in mask.rules_of(field))]:
            yield _section(mask, type_name, "write", written)


def _section(mask: Mask, type_name: str, action: str, fields: Sequence[str]) -> _Section:
    cells: dict[str, dict[Role, list[Cell]]] = defaultdict(lambda: defaultdict(list))
    for cell in matrix(mask, fields=fields, action=action):
        cells[cell.field][cell.role].append(cell)
    return _Section(type_name, action, {field: dict(of_field) for field, of_field in cells.items()})


def _head(version: str, style: str) -> Iterator[str]:
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    allowed = f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    yield "<!doctype html>"
    yield '<html lang="en">'
    yield "<head>"
    yield '<meta charset="utf-8">'
    yield f'<meta http-equiv="Content-Security-Policy" content="{escape(allowed)}">'
    yield '<meta name="viewport" content="width=device-width, initial-scale=1">'
    yield '<meta name="referrer" content="no-referrer">'
    yield f"<title>Who may read what: policy {escape(version)}</title>"
    yield f"<style>{style}</style>"
    yield "</head>"
    yield "<body>"
    yield "<main>"
    yield "<h1>Who may read what</h1>"
    yield f'<p class="quiet">Policy version <code>{escape(version)}</code></p>'


def _contents(sections: Sequence[_Section]) -> Iterator[str]:
    yield '<nav aria-labelledby="contents">'
    yield '<h2 id="contents">Contents</h2>'
    yield "<ul>"
    for section in sections:
        count = f"{len(section.cells)} field{'' if len(section.cells) == 1 else 's'}"
        link = f'<a href="#{escape(section.anchor)}">{escape(section.title)}</a>'
        yield f'<li>{link} <span class="quiet">{count}</span></li>'
    yield "</ul>"
    yield "</nav>"


def _legend() -> Iterator[str]:
    yield '<section class="legend" aria-labelledby="legend">'
    yield '<h2 id="legend">Legend</h2>'
    yield (
        "<p>A row is a field, a column a role toward that row. The letters are the kinds of person of whom it may be "
        "read: <b>a</b> an adult, <b>m</b> a minor, <b>r</b> somebody whose data is restricted; <b>-</b> nobody. In "
        "brackets: for some of the role's purposes only. The stronger the colour, the more kinds and purposes. Over a "
        "cell appears the line that decides; <code>sextrontgen policy explain ROLE FIELD</code> says more.</p>"
    )
    yield '<ul class="scale">'
    for heat, (example, words) in enumerate(_SCALE):
        yield f'<li><span class="cell swatch heat{heat}" aria-hidden="true">{example}</span>{words}</li>'
    yield "</ul>"
    yield "</section>"


def _table(section: _Section) -> Iterator[str]:
    name = escape(section.anchor)
    yield f'<h2 id="{name}">{escape(section.title)}</h2>'
    # What scrolls sideways on a small screen is reached by the keyboard too.
    yield f'<div class="scroll" role="region" aria-labelledby="{name}" tabindex="0">'
    yield "<table>"
    roles = "".join(f'<th scope="col">{_words(role)}</th>' for role in Role)
    head = '<th scope="col" class="field">field</th><th scope="col" class="category">category</th>'
    yield f"<thead><tr>{head}{roles}</tr></thead>"
    yield "<tbody>"
    for field, by_role in section.cells.items():
        yield f'<tr><th scope="row" class="field">{escape(field.partition(".")[2])}</th>'
        yield f'<td class="category">{escape(next(iter(by_role.values()))[0].category)}</td>'
        yield from (_cell(by_role[role]) for role in Role)
        yield "</tr>"
    yield "</tbody>"
    yield "</table>"
    yield "</div>"


def _cell(cells: Sequence[Cell]) -> str:
    """Return one role's cells of one field: its letters, its heat, and over it what decides."""
    answers = {it: [cell.readable for cell in cells if cell.subject is it] for it in SubjectClass}
    letters = "".join(letter(it, found) for it, found in answers.items()) or "-"
    hover = "\n".join((f"{_words(cells[0].role)}, {cells[0].field}", *_lines(cells)))
    spoken = ", ".join(it if all(found) else f"{it} for some purposes" for it, found in answers.items() if any(found))
    return (
        f'<td class="cell heat{_heat(cells)}" title="{escape(hover)}"><span aria-hidden="true">{letters}</span>'
        f'<span class="words">{escape(spoken or "nobody")}</span></td>'
    )


def _heat(cells: Sequence[Cell]) -> int:
    readable = sum(cell.readable for cell in cells)
    if readable in {0, len(cells)}:
        return _HOTTEST if readable else 0
    return ceil(readable * (_HOTTEST - 1) / len(cells))


def _lines(cells: Sequence[Cell]) -> Iterator[str]:
    """Yield what decides, per kind of subject; per purpose too where the purposes are decided differently."""
    for subject in SubjectClass:
        said = {cell.purpose: _decided(cell) for cell in cells if cell.subject is subject}
        if len(set(said.values())) == 1:
            yield f"{subject}: {next(iter(said.values()))}"
        else:
            yield from (f"{subject}, {purpose}: {decided}" for purpose, decided in said.items())


def _decided(cell: Cell) -> str:
    return f"{'yes' if cell.readable else 'no'}, {cell.rule or 'nothing said'}"


def _words(role: Role) -> str:
    return role.value.lower().replace("_", " ")
