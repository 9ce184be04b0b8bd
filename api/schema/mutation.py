"""Mutation: where every change begins.

A new one is a module in `mutations/` and a line here, its rules in `authz/policy/mutation.csv`, its cells in
`tests/matrix/mutation.csv`; the fields that it writes have theirs in their type's file and in `tests/matrix/writes/`.
"""

import strawberry

from api.reading.category import DataCategory
from api.schema.mutations.call import mutation
from api.schema.mutations.enroll import EnrollPayload, enroll
from api.schema.mutations.tenant_rules import TenantRulePayload, add_tenant_rule, remove_tenant_rule
from api.schema.mutations.update_profile import UpdateProfilePayload, update_profile
from api.schema.mutations.withdraw import WithdrawPayload, withdraw


@strawberry.type(
    description="Where every change begins. The mutations of one document are carried out in order and stand together: "
    "if one fails for a reason of the server's, none stands."
)
class Mutation:
    """The root of every mutation."""

    update_profile: UpdateProfilePayload = mutation(
        update_profile, DataCategory.PROFILE, "Change what the viewer tells about themselves."
    )
    enroll: EnrollPayload = mutation(
        enroll, DataCategory.LEARNING, "Let somebody take a course: the viewer, a ward, a member of the organisation."
    )
    withdraw: WithdrawPayload = mutation(withdraw, DataCategory.LEARNING, "Let somebody give a course up.")
    add_tenant_rule: TenantRulePayload = mutation(
        add_tenant_rule, DataCategory.ACCESS, "Narrow who may read what in the tenant, or lift what is granted."
    )
    remove_tenant_rule: TenantRulePayload = mutation(
        remove_tenant_rule, DataCategory.ACCESS, "End a rule of the tenant's own."
    )
