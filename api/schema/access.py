"""What may be read, told beforehand or of one object: FieldAccess, AccessRule, Explanation."""

import strawberry

from api.asking.explanation import MOST_FIELDS
from api.document.sizes import MOST
from api.reading.category import DataCategory
from api.schema.enums import DenialReason, Purpose, Role, SubjectFlag


@strawberry.type(description="Whether a field may be read: of one object, or, told beforehand, in one role.")
class FieldAccess:
    """One field before one viewer."""

    field: str = strawberry.field(description="The field, as Type.field.")
    readable: bool = strawberry.field(description="Whether it may be read.")
    reason: DenialReason | None = strawberry.field(description="Why not.")
    rule: str | None = strawberry.field(
        description="The policy's file and line that decided; null where nothing is said."
    )
    role: Role | None = strawberry.field(
        description="In `explain`: the role in which the row is met. In `viewerAccess` null: it is about one object, "
        "toward which several roles may be held at once."
    )
    subject: list[SubjectFlag] | None = strawberry.field(
        description="In `explain`: what the person is whom the row describes; nothing for an adult, and for what "
        "describes nobody. In `viewerAccess` null: what a person is, not everybody may know."
    )
    purpose: Purpose | None = strawberry.field(
        description="In `explain`: why it is read. In `viewerAccess` null: for the purposes that the viewer has."
    )


@strawberry.type(
    description="One cell of the policy in force: a field, read in one role, for one purpose, of one kind of person; "
    "or a mutation, called so."
)
class AccessRule:
    """One cell."""

    role: Role = strawberry.field(description="The role in which the row is met.")
    field: str = strawberry.field(description="The field, as Type.field.")
    category: DataCategory = strawberry.field(description="Its category.")
    subject: list[SubjectFlag] = strawberry.field(
        description="What the person is whom the row describes: nothing for an adult; a restriction goes before being "
        "a minor."
    )
    purpose: Purpose | None = strawberry.field(description="Why it is read.")
    readable: bool = strawberry.field(description="Whether it may be read; of a mutation, whether it may be called.")
    rule: str | None = strawberry.field(
        description="The policy's file and line that decided; null where nothing is said, which means no."
    )


@strawberry.type(description="What a document would meet if it were sent, found without reading a row.")
class Explanation:
    """What a document would meet."""

    fields: list[FieldAccess] = strawberry.field(
        metadata={MOST: MOST_FIELDS},
        description="Each field that the document asks and the policy decides, in its order: for each role in "
        "question, each kind of person, each purpose. Who meets a row in several roles reads what any of them may. "
        "What can be told without a row is what follows from the policy: RESTRICTED_BY_SUBJECT and MINOR_PROTECTED of "
        "that kind of person, PURPOSE_NOT_ALLOWED, TENANT_RULE, NOT_IN_ROLE, and NO_RELATION where another role that "
        "the viewer has would be allowed, but meets other rows. An answer may tell less: what a person is, not "
        "everybody may know. Fields that a document only filters or orders by are not among them.",
    )
    cost: int = strawberry.field(description="How many values the answer may hold, by the estimate that bounds it.")
    statements: int = strawberry.field(
        description="How many statements would be run at most: one to know who asks, one for each field that reads "
        "from the top, one for each list inside, one to record what was released and denied."
    )
