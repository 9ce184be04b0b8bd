"""Coherence of a type's rules: what each line says may be right and the whole still wrong."""

from collections.abc import Iterator

from authz.rules import Rule, TypeRules
from authz.vocabulary import Vocabulary


def incoherences(rules: TypeRules, words: Vocabulary) -> Iterator[str]:
    """Yield what is wrong with the rules of one file taken together."""
    if not any(rule.said.effect == "allow" for rule in rules.in_force):
        yield f"{rules.file}: no line allows anything"
    yield from _uncovered(rules, words)
    yield from _repeated(rules)
    yield from _without_ground(rules, words)


def _category(rules: TypeRules, rule: Rule) -> str:
    return rules.fields[rule.said.object.partition(".")[2]]


def _uncovered(rules: TypeRules, words: Vocabulary) -> Iterator[str]:
    """A category nobody thought of is refused, not silently denied: the schema and the policy grow together."""
    ruled = {_category(rules, rule) for rule in rules.in_force if rule.said.action != "write"}
    for category in sorted(set(rules.fields.values())):
        if category not in words.categories:
            yield f"{rules.file}: the schema's category {category} is not in categories.csv"
        elif category not in ruled:
            yield f"{rules.file}: no line for {rules.type_name}#{category}"


def _repeated(rules: TypeRules) -> Iterator[str]:
    first: dict[tuple[str, ...], Rule] = {}
    reported: set[tuple[str, str]] = set()
    for rule in (*rules.in_force, *rules.grantable):
        earlier = first.setdefault(rule.said[:-1], rule)
        pair = (rule.place, earlier.place)
        if earlier is rule or pair in reported:
            continue
        if rule.said.effect == earlier.said.effect:
            reported.add(pair)
            yield f"{rule.place}: duplicate of {earlier.place}"
        elif not _is_exception(rule, earlier):
            reported.add(pair)
            yield f"{rule.place}: contradicts {earlier.place}"


def _is_exception(one: Rule, other: Rule) -> bool:
    """Tell whether a field is denied out of a category that is allowed: the one contradiction that reads well."""
    allow, deny = (one, other) if one.said.effect == "allow" else (other, one)
    return "#" in allow.written and "#" not in deny.written


def _without_ground(rules: TypeRules, words: Vocabulary) -> Iterator[str]:
    """Special categories of data are read on a ground in GDPR Art. 9, or not at all."""
    seen: set[str] = set()
    for rule in (*rules.in_force, *rules.grantable):
        category = words.categories.get(_category(rules, rule))
        if rule.said.effect != "allow" or category is None or not category.special or rule.place in seen:
            continue
        seen.add(rule.place)
        purposes = words.purposes_of(rule.said.role) if rule.said.purpose == "*" else {rule.said.purpose}
        for purpose in sorted(purposes):
            basis = words.purposes.get(purpose)
            if basis is not None and basis.special is None:
                yield f"{rule.place}: {rule.written} is special and {purpose} has no basis in Art. 9 (purposes.csv)"
