"""The policy, shown: the matrix of cells, a check of a folder, and why one cell is as it is."""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from rich.table import Table

from authz.decider import Decider
from authz.loading import Catalogue, load
from authz.mask import Decision, Mask
from authz.rules import CALLED, Rule, action_on
from authz.viewer import Purpose, Role, SubjectClass
from authz.vocabulary import spelled


class Cell(NamedTuple):
    """One cell of the matrix. `rule`: the line that decided, None where nothing was said."""

    role: Role
    field: str
    category: str
    subject: SubjectClass
    purpose: Purpose
    readable: bool
    rule: str | None


class Checked(NamedTuple):
    """What a folder holds that passed every check. `cells`: how many there are, of them `readable`."""

    version: str
    lines: int
    rules: int
    cells: int
    readable: int


class Heard(NamedTuple):
    """A line about the field in question for this role: what it says, and whether it speaks of this cell."""

    place: str
    text: str
    speaks: bool


class Explained(NamedTuple):
    """Why a cell is as it is: the question in words, the decision, and the lines that were heard."""

    question: str
    decision: Decision
    heard: tuple[Heard, ...]


def matrix(
    mask: Mask,
    *,
    roles: Iterable[Role] = Role,
    fields: Iterable[str] | None = None,
    subjects: Iterable[SubjectClass] = SubjectClass,
    purposes: Iterable[Purpose] = Purpose,
    action: str | None = None,
) -> Iterator[Cell]:
    """Yield the cells chosen, of each role under the purposes that it may name. Raise KeyError for an unknown field.

    `fields` holds `Type.field`; all of them when left out. `readable` answers for `action`: read, write or call;
    left out, for what is first of all done to the field: a mutation is called, all else is read.
    """
    chosen, classes, named = tuple(mask.fields if fields is None else fields), tuple(subjects), set(purposes)
    for role in roles:
        for field in chosen:
            category = mask.category(field)
            for subject in classes:
                for purpose in (it for it in mask.purposes(role) if it in named):
                    decision = mask.decide(role, field, subject, purpose, action=action or action_on(field))
                    yield Cell(role, field, category, subject, purpose, *decision)


def check(folder: Path, catalogue: Catalogue) -> Checked:
    """Load a folder and ask every cell once; raise PolicyError with every problem."""
    policy = load(folder, catalogue)
    cells = [cell.readable for cell in matrix(Mask(policy))]
    written = {rule.place for rule in (*policy.rules, *policy.grantable)}
    return Checked(policy.version, len(written), len(policy.rules), len(cells), sum(cells))


def explain(mask: Mask, role: Role, field: str, subject: SubjectClass, purpose: Purpose) -> Explained:
    """Return why one cell is readable or not; why a mutation may be called. Raise KeyError for an unknown field."""
    action = action_on(field)
    decision = mask.decide(role, field, subject, purpose, action=action)
    lineage = mask.policy.words.lineage(spelled(role))
    question = (spelled(role), mask.tenant, field, action, subject.value, purpose.value)
    heard = tuple(
        Heard(rule.place, text_of(rule), _speaks(mask, rule, question))
        for rule in mask.rules_of(field)
        if rule.said.role in lineage and rule.said.action == action
    )
    words = f"May {spelled(role)} {action} {field} of a subject that is {subject}, for {purpose}?"
    return Explained(words, decision, heard)


def plain(cells: Iterable[Cell]) -> Iterator[str]:
    """Yield one line per cell, tabs between: role, field, category, class, purpose, readable (+ or -), line or -."""
    for cell in cells:
        yield "\t".join((*cell[:5], "+" if cell.readable else "-", cell.rule or "-"))


def tables(cells: Iterable[Cell]) -> Iterator[Table]:
    """Yield a table per type: fields down, roles across, in each cell the first letters of the classes readable.

    In brackets stands what is readable under some of the role's purposes only; the caption says so.
    """
    by_type: dict[str, list[Cell]] = {}
    for cell in cells:
        by_type.setdefault(cell.field.partition(".")[0], []).append(cell)
    for type_name, of_type in by_type.items():
        yield _table(type_name, of_type)


def lines(explained: Explained) -> Iterator[str]:
    """Yield an explanation as lines of text."""
    allowed, rule = explained.decision
    yield explained.question
    yield f"{'Yes' if allowed else 'No'}: {rule or 'no line says so, and nothing said means no'}"
    for heard in explained.heard:
        yield f"  {'speaks ' if heard.speaks else 'silent '} {heard.place:<24} {heard.text}"


def letter(subject: SubjectClass, answers: Sequence[bool]) -> str:
    """Return the first letter of a kind of subject: in brackets where only some answers are yes, "" where none is."""
    first = subject.value[0]
    if all(answers):
        return first if answers else ""
    return f"({first})" if any(answers) else ""


def text_of(rule: Rule) -> str:
    """Return what a line says, its object as written there."""
    return ", ".join(rule.said._replace(object=rule.written))


def _table(type_name: str, cells: Sequence[Cell]) -> Table:
    title = f"{type_name}: who may call" if type_name == CALLED else type_name
    table = Table(title=title, caption="a adult, m minor, r restricted; in brackets: for some purposes only")
    roles = list(dict.fromkeys(cell.role for cell in cells))
    table.add_column("field", no_wrap=True)
    for role in roles:
        table.add_column(role.value.lower().replace("_", " "), justify="center")
    answers: dict[tuple[str, Role, SubjectClass], list[bool]] = {}
    for cell in cells:
        answers.setdefault((cell.field, cell.role, cell.subject), []).append(cell.readable)
    for field in dict.fromkeys(cell.field for cell in cells):
        shown = ("".join(letter(it, answers.get((field, role, it), [])) for it in SubjectClass) for role in roles)
        table.add_row(field.partition(".")[2], *(text or "-" for text in shown))
    return table


def _speaks(mask: Mask, rule: Rule, question: Sequence[str]) -> bool:
    """Ask Casbin about this line alone, so that no second matcher has to agree with the first."""
    return Decider(mask.policy, [rule]).ask(*question)[1] is not None
