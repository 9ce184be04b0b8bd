"""Casbin, asked: the only place that decides. A decider knows the rules of one field, because Casbin scans them all."""

from collections.abc import Iterable

import casbin

from authz.loading import Policy
from authz.rules import Rule


class Decider:
    """A plain Casbin enforcer over some rules of a policy, and the lines that these came from."""

    def __init__(self, policy: Policy, rules: Iterable[Rule]) -> None:
        self._places: dict[tuple[str, ...], str] = {}
        model = casbin.Enforcer.new_model(text=policy.model)
        for rule in rules:
            self._places[rule.said] = rule.place
            model.add_policy("p", "p", list(rule.said))
        for kind, *link in policy.links:
            model.add_policy("g", kind, link)
        self._enforcer = casbin.Enforcer(model)
        self._enforcer.build_role_links()

    def ask(self, *question: str) -> tuple[bool, str | None]:
        """Return whether it is allowed, and the line that allowed or denied it (None where nothing was said).

        `question` is in the order of the model's request definition: role, tenant, object, action, subject, purpose.
        """
        # Without any rule Casbin would evaluate the matcher on empty values; an accident must not decide.
        if not self._places:
            return False, None
        allowed, rule = self._enforcer.enforce_ex(*question)
        return allowed is True, self._places[tuple(rule)] if rule else None
