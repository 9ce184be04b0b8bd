"""Loading a policy: a folder of files in, a checked policy out, or every problem at once with its file and line."""

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from authz.casbin_model import MODEL_FILE, model_problems
from authz.coherence import incoherences
from authz.lines import Line, decode, lines
from authz.rules import Catalogue, Rule, TypeRules, read_rules
from authz.viewer import Purpose, Role
from authz.vocabulary import GRANTED, Vocabulary, read_categories, read_purposes, read_roles, spelled

__all__ = ["POLICY_FOLDER", "Catalogue", "Policy", "PolicyError", "load"]

POLICY_FOLDER = Path(__file__).parent / "policy"
"""The policy that comes with the program."""

_WORDS = ("roles.csv", "categories.csv", "purposes.csv")
_VERSION_DIGITS = 32


class PolicyError(Exception):
    """A policy that may not be used. `problems`: a sentence each, with file and line where one is to blame."""

    def __init__(self, problems: list[str], kept: str | None = None) -> None:
        self.problems = problems
        self.kept = kept
        outcome = "" if kept is None else f"; the policy of version {kept} stays in force"
        super().__init__(f"The policy has {len(problems)} problem(s){outcome}:\n  " + "\n  ".join(problems))


@dataclass(frozen=True)
class Policy:
    """A checked policy: Casbin's model and rules, and the words and the schema that they were checked against."""

    version: str
    model: str
    words: Vocabulary
    rules: tuple[Rule, ...]
    grantable: tuple[Rule, ...]
    catalogue: Mapping[str, Mapping[str, str]]

    @cached_property
    def links(self) -> tuple[tuple[str, str, str], ...]:
        """Return Casbin's role definitions: (`g`, heir, ancestor) and (`g2`, role, purpose that it may name)."""
        heirs = [("g", heir, name) for heir, ancestors in self.words.parents.items() for name in sorted(ancestors)]
        return (
            *heirs,
            *(("g2", role, name) for role in sorted(GRANTED) for name in sorted(self.words.purposes_of(role))),
        )

    @cached_property
    def by_field(self) -> Mapping[str, Sequence[Rule]]:
        """Return the lines that hold for every tenant, by `Type.field`; every field of the catalogue is there."""
        found: dict[str, list[Rule]] = {
            f"{kind}.{name}": [] for kind, names in self.catalogue.items() for name in names
        }
        for rule in self.rules:
            if rule.said.tenant == "*":
                found[rule.said.object].append(rule)
        return found

    @cached_property
    def by_tenant(self) -> Mapping[str, Sequence[Rule]]:
        """Return the lines that hold for one tenant, by the tenant as the lines spell it."""
        found: dict[str, list[Rule]] = {}
        for rule in self.rules:
            if rule.said.tenant != "*":
                found.setdefault(rule.said.tenant, []).append(rule)
        return found

    @cached_property
    def lineages(self) -> Mapping[Role, frozenset[str]]:
        """Return each role with all that it inherits from, as the lines spell them."""
        return {role: self.words.lineage(spelled(role)) for role in Role}

    @cached_property
    def purposes(self) -> Mapping[Role, tuple[Purpose, ...]]:
        """Return the purposes that each role may name, in the order of Purpose."""
        may = {role: self.words.purposes_of(spelled(role)) for role in Role}
        return {role: tuple(Purpose(name) for name in Purpose if name in may[role]) for role in Role}


def load(folder: Path, catalogue: Catalogue) -> Policy:
    """Read the policy in `folder` and check it against the schema's `catalogue`; raise PolicyError.

    The folder holds model.conf, roles.csv, categories.csv, purposes.csv and one file per type of the catalogue, and
    no other such file. Each file is read once, so that what is checked, used and hashed is the same.
    """
    problems: list[str] = []
    types = {file_of(type_name): type_name for type_name in catalogue}
    contents = _read(folder, {MODEL_FILE, *_WORDS, *types}, problems)
    texts = {name: decode(name, content, problems) for name, content in contents.items()}
    if problems:
        raise PolicyError(problems)

    words = _words(texts, problems)
    problems += model_problems(texts[MODEL_FILE])
    read = [TypeRules(name, type_name, catalogue[type_name]) for name, type_name in types.items()]
    for of_type in read:
        read_rules(lines(of_type.file, texts[of_type.file]), of_type, words, problems)
        problems += incoherences(of_type, words)
    if not any(rule.said.effect == "allow" for of_type in read for rule in of_type.in_force):
        problems.append("the policy allows nothing")
    if problems:
        raise PolicyError(problems)
    return Policy(
        version=version_of(contents),
        model=texts[MODEL_FILE],
        words=words,
        rules=tuple(rule for of_type in read for rule in of_type.in_force),
        grantable=tuple(rule for of_type in read for rule in of_type.grantable),
        catalogue={type_name: dict(fields) for type_name, fields in catalogue.items()},
    )


def file_of(type_name: str) -> str:
    """Return the name of a type's file: `assessment_result.csv` for AssessmentResult."""
    return re.sub(r"(?<!^)(?=[A-Z])", "_", type_name).lower() + ".csv"


def _read(folder: Path, expected: set[str], problems: list[str]) -> dict[str, bytes]:
    try:
        found = {path.name: path for path in folder.iterdir() if path.suffix in {".csv", ".conf"}}
    except OSError as error:
        raise PolicyError([f"the policy's folder cannot be read: {error.strerror}"]) from None
    problems += [f"{name}: missing" for name in sorted(expected - found.keys())]
    problems += [f"{name}: no type of the schema has this file" for name in sorted(found.keys() - expected)]
    return dict(_contents({name: found[name] for name in sorted(expected & found.keys())}, problems))


def _contents(paths: Mapping[str, Path], problems: list[str]) -> Iterator[tuple[str, bytes]]:
    for name, path in paths.items():
        try:
            yield name, path.read_bytes()
        except OSError as error:
            problems.append(f"{name}: cannot be read: {error.strerror}")


def _words(texts: Mapping[str, str], problems: list[str]) -> Vocabulary:
    words = Vocabulary()

    def said(name: str) -> Iterator[Line]:
        return lines(name, texts[name])

    read_roles(said("roles.csv"), words, problems)
    read_categories(said("categories.csv"), words, problems)
    read_purposes(said("purposes.csv"), words, problems)
    return words


def version_of(contents: Mapping[str, bytes]) -> str:
    """Return the hash of all files, names too; each part with its length before it, so that none runs into the next."""
    digest = hashlib.sha256()
    for name, content in sorted(contents.items()):
        for part in (name.encode(), content):
            digest.update(len(part).to_bytes(8, "big") + part)
    return digest.hexdigest()[:_VERSION_DIGITS]
