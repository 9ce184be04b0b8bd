"""Rules of a policy: a type's lines, checked against the words and the schema, expanded to single fields."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple
from uuid import UUID

from authz.lines import Line
from authz.viewer import Purpose, SubjectClass
from authz.vocabulary import Vocabulary

Catalogue = Mapping[str, Mapping[str, str]]
"""What the schema says is to be decided: type -> field -> category, as {"Learner": {"email": "CONTACT"}}."""

ACTIONS = ("read", "write", "call")
CALLED = "Mutation"
"""The type whose fields are called; those of all others are read, and written."""
_SUBJECTS = ("any", *SubjectClass)
_EFFECTS = ("allow", "deny")


def action_on(field: str) -> str:
    """Return what is first of all done to `Type.field`: a mutation is called, everything else read."""
    return "call" if field.startswith(f"{CALLED}.") else "read"


class Columns(NamedTuple):
    """What a line says, in the order of Casbin's policy definition."""

    role: str
    tenant: str
    object: str
    action: str
    subject: str
    purpose: str
    effect: str


@dataclass(frozen=True, slots=True)
class Rule:
    """One line for one field: its columns with `Type.field` as object, its place, and its object as written there."""

    said: Columns
    place: str
    written: str


@dataclass(frozen=True, slots=True)
class TypeRules:
    """What one file says of one type: the rules in force, and those that a tenant's agreement may put in force."""

    file: str
    type_name: str
    fields: Mapping[str, str]
    in_force: list[Rule] = field(default_factory=list)
    grantable: list[Rule] = field(default_factory=list)


def read_rules(said: Iterable[Line], of_type: TypeRules, words: Vocabulary, problems: list[str]) -> None:
    """Add the rules of a type's lines to `of_type`, and what is wrong with a line to `problems`."""
    for line in said:
        if line.kind not in {"p", "grantable"} or len(line.values) != len(Columns._fields):
            problems.append(f"{line.place}: expected `p, {', '.join(Columns._fields)}` or the same with `grantable`")
            continue
        columns = Columns(*line.values)
        wrong = [*_wrong(columns, words), *_wrong_for_kind(line.kind, columns)]
        fields = list(_fields(columns, of_type, words, wrong))
        if wrong:
            problems += [f"{line.place}: {problem}" for problem in wrong]
            continue
        rules = of_type.in_force if line.kind == "p" else of_type.grantable
        objects = (f"{of_type.type_name}.{name}" for name in fields)
        rules += [Rule(columns._replace(object=it), line.place, columns.object) for it in objects]


def _wrong(said: Columns, words: Vocabulary) -> Iterator[str]:
    if said.role not in words.roles:
        yield f"unknown role {said.role}"
    elif said.purpose in words.purposes and said.purpose not in words.purposes_of(said.role):
        yield f"{said.role} may not name {said.purpose} (purposes.csv)"
    if said.purpose != "*" and said.purpose not in Purpose.__members__:
        yield f"unknown purpose {said.purpose}"
    if said.action not in ACTIONS:
        yield f"unknown action {said.action}"
    if said.subject not in _SUBJECTS:
        yield f"unknown subject {said.subject}"
    if said.effect not in _EFFECTS:
        yield f"unknown effect {said.effect}"


def _wrong_for_kind(kind: str, said: Columns) -> Iterator[str]:
    if kind == "grantable" and said.effect != "allow":
        yield "only an allow can be grantable"
    if said.tenant == "*":
        return
    if not _is_uuid(said.tenant):
        yield f"tenant {said.tenant} is neither * nor a UUID in lower case"
    # What one tenant alone may read is granted through `grantable`, where the platform's ceiling is written down.
    if said.effect == "allow":
        yield "a line for one tenant may only deny"


def _is_uuid(text: str) -> bool:
    try:
        return str(UUID(text)) == text
    except ValueError:
        return False


def _fields(said: Columns, of_type: TypeRules, words: Vocabulary, wrong: list[str]) -> Iterator[str]:
    """Yield the fields that a line speaks of."""
    by_category = "#" in said.object
    type_name, _, name = said.object.partition("#" if by_category else ".")
    if type_name != of_type.type_name:
        wrong.append(f"{said.object} does not belong into the file of {of_type.type_name}")
    elif said.action in ACTIONS and (said.action == "call") != (type_name == CALLED):
        wrong.append(f"{said.action} is not what is done to {type_name}")
    elif by_category and name not in words.categories:
        wrong.append(f"unknown category {name}")
    elif by_category and name not in of_type.fields.values():
        wrong.append(f"{type_name} has no field of category {name}")
    elif not by_category and name not in of_type.fields:
        wrong.append(f"unknown field {said.object}")
    elif by_category:
        yield from (it for it, category in of_type.fields.items() if category == name)
    else:
        yield name
