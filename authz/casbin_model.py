"""Casbin's model, checked: every other shape than the house's own fails open somewhere, so no other is loaded."""

import re

import casbin

MODEL_FILE = "model.conf"

_DEFINITIONS = {
    "r": "role, tenant, object, action, subject, purpose",
    "p": "role, tenant, object, action, subject, purpose, eft",
    "g": "_, _",
    "g2": "_, _",
    # Anything less than this allows where nothing was said, or lets an allow undo a deny.
    "e": "some(where (p_eft == allow)) && !some(where (p_eft == deny))",
}

# What is left of a matcher without these is a function (keyMatch lets a/../b pass), a number, a constant.
_EQUALITY = re.compile(r"==|!=|&&|\|\||[(),\s]|\"[a-z*]+\"|\b[rp]_[a-z]+\b|\bg2?(?=\()")

# A made-up policy of one line, narrow or wide, and questions whose answers are known: one column off is no.
_NARROW = ("role:probe", "tenant", "Probe.field", "read", "adult", "PROBING", "allow")
_WIDE = ("role:probe", "*", "Probe.field", "read", "any", "*", "allow")
_QUESTION = _NARROW[:-1]
_OFF = ("role:other", "elsewhere", "Probe.other", "write", "minor", "OTHER")
_LINKS = {
    "g": [("role:heir", "role:probe")],
    "g2": [(role, purpose) for role in ("role:probe", "role:heir", "role:other") for purpose in ("PROBING", "OTHER")],
}


def model_problems(text: str) -> list[str]:
    """Return what is wrong with the text of model.conf."""
    try:
        model = casbin.Enforcer.new_model(text=text)
        found = {key: it.value for keys in model.values() for key, it in keys.items()}
        problems = _misshapen(found)
        return problems or _misjudged(text)
    except Exception as error:
        return [f"{MODEL_FILE}: Casbin cannot use it: {type(error).__name__}: {error}"]


def _misshapen(found: dict[str, str]) -> list[str]:
    matcher = found.pop("m", "")
    problems = [
        f"{MODEL_FILE}: {key} must be `{expected}`"
        for key, expected in _DEFINITIONS.items()
        if found.pop(key, None) != expected
    ]
    problems += [f"{MODEL_FILE}: {key} is not of this model" for key in found]
    if not matcher or _EQUALITY.sub("", matcher):
        problems.append(f"{MODEL_FILE}: the matcher may compare for equality and call g and g2, nothing else")
    return problems


def _misjudged(text: str) -> list[str]:
    """Ask a matcher of the right shape; return what it does wrong."""
    narrow, wide = _enforcer(text, _NARROW), _enforcer(text, _WIDE)
    wrong = [
        f"says no to {question[0]}, whom the line allows"
        for question in (_QUESTION, _off(0, "role:heir"))
        if not (narrow.enforce(*question) and wide.enforce(*question))
    ]
    for index, column in enumerate(_DEFINITIONS["r"].split(", ")):
        question = _off(index, _OFF[index])
        if narrow.enforce(*question) or (column in {"role", "object", "action"} and wide.enforce(*question)):
            wrong.append(f"does not compare the {column}")
    if wide.enforce(*_off(4, "restricted")):
        wrong.append("lets `any` reach a restricted subject")
    if wide.enforce(*_off(5, "NEVER_NAMED")):
        wrong.append("lets a role name any purpose")
    return [f"{MODEL_FILE}: the matcher {it}" for it in wrong]


def _off(index: int, value: str) -> tuple[str, ...]:
    return (*_QUESTION[:index], value, *_QUESTION[index + 1 :])


def _enforcer(text: str, rule: tuple[str, ...]) -> casbin.Enforcer:
    model = casbin.Enforcer.new_model(text=text)
    model.add_policy("p", "p", list(rule))
    for key, links in _LINKS.items():
        for link in links:
            model.add_policy("g", key, list(link))
    enforcer = casbin.Enforcer(model)
    enforcer.build_role_links()
    return enforcer
