"""A tenant with as many people as one answer can hold, taught by the member who asks."""

from tests.trail.scene import CANARIES, Scene

COURSES, EACH = 100, 100
"""Courses, and the learners who take each of them, and no other."""

_CROWD = """
    WITH teacher AS (SELECT tenant_id, id FROM person WHERE id = $1),
    granted AS (
        INSERT INTO role_grant (tenant_id, person_id, role) SELECT tenant_id, id, 'INSTRUCTOR' FROM teacher),
    courses AS (
        INSERT INTO course (tenant_id, id, code, title)
        SELECT tenant_id, gen_random_uuid(), 'C-' || n, 'Course ' || n FROM teacher, generate_series(1, $2::int) n
        RETURNING tenant_id, id),
    taught AS (
        INSERT INTO teaching (tenant_id, course_id, person_id)
        SELECT teacher.tenant_id, courses.id, teacher.id FROM teacher, courses),
    pairs AS MATERIALIZED (
        SELECT tenant_id, courses.id AS course_id, gen_random_uuid() AS id FROM courses, generate_series(1, $3::int)),
    people AS (INSERT INTO person (tenant_id, id, name, minor) SELECT tenant_id, id, $4, false FROM pairs),
    members AS (INSERT INTO membership (tenant_id, person_id) SELECT tenant_id, id FROM pairs)
    INSERT INTO enrollment (tenant_id, id, course_id, learner_id, status)
    SELECT tenant_id, gen_random_uuid(), course_id, id, 'ACTIVE' FROM pairs
"""


async def add_crowd(scene: Scene) -> None:
    """Add the courses and their learners, all of one name; the member teaches them."""
    async with scene.hand() as hand:
        await hand.execute(_CROWD, scene.person_id, COURSES, EACH, CANARIES["name"])
        await hand.execute("ANALYZE")
