"""The trail's seal, what events are found by, and months that are made ahead and dropped whole."""

import sqlalchemy as sa
from alembic import op

from tenants.isolation import APPLICATION_ROLE, isolate, shut

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

ADD_ONLY = "SELECT, INSERT"
RIGHTS = {
    "access_term": ADD_ONLY,
    "unsealed_event": "SELECT, INSERT, DELETE",
    "unkept_checkpoint": "SELECT, INSERT, DELETE",
    "trail_leaf": ADD_ONLY,
    "trail_node": ADD_ONLY,
    "trail_checkpoint": ADD_ONLY,
}

# The sealer has to find the tenants for whom something waits before it can set one; without a tenant it sees ids and
# times, and no more.
WAITING = ("unsealed_event", "unkept_checkpoint")
WHO_WAITS = "CREATE POLICY who_waits ON {} FOR SELECT USING (nullif(current_setting('app.tenant', true), '') IS NULL)"

ENQUEUE = """
    CREATE FUNCTION enqueue_access_event() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp
    AS $$ BEGIN
        INSERT INTO public.unsealed_event (tenant_id, retention_years, at, event_id)
        VALUES (NEW.tenant_id, NEW.retention_years, NEW.at, NEW.id);
        RETURN NULL;
    END $$
"""
ENQUEUE_EACH = """
    CREATE TRIGGER enqueue AFTER INSERT ON access_event FOR EACH ROW EXECUTE FUNCTION enqueue_access_event()
"""

# Moves what lies in `rest` of one month into a partition of its own. A plain CREATE ... PARTITION OF would lock out
# every request; ATTACH lets them go on. It attaches an empty one: to check the foreign key of rows that are there,
# PostgreSQL would look for their tenants under row-level security. Rows that only move wait for no other seal.
ADD_MONTH = """
    CREATE FUNCTION trail_add_month(parent text, years integer, month timestamptz) RETURNS void LANGUAGE plpgsql
    SET search_path = pg_catalog, public, pg_temp AS $$
    DECLARE
        whole text := format('%s_%sy', parent, years);
        rest text := whole || '_rest';
        part text := format('%s_%s', whole, to_char(month AT TIME ZONE 'UTC', 'YYYY_MM'));
        moving text := part || '_moving';
        ends timestamptz := (month AT TIME ZONE 'UTC' + interval '1 month') AT TIME ZONE 'UTC';
        moved boolean := pg_relation_size(format('public.%I', rest)::regclass) > 0;
    BEGIN
        EXECUTE format('CREATE TABLE public.%I (LIKE public.%I INCLUDING ALL)', part, whole);
        IF moved THEN
            EXECUTE format('CREATE TABLE public.%I (LIKE public.%I)', moving, whole);
            EXECUTE format('ALTER TABLE public.%I NO FORCE ROW LEVEL SECURITY', rest);
            EXECUTE format(
                'WITH moved AS (DELETE FROM public.%I WHERE at >= %L AND at < %L RETURNING *) '
                'INSERT INTO public.%I SELECT * FROM moved', rest, month, ends, moving);
            EXECUTE format('ALTER TABLE public.%I FORCE ROW LEVEL SECURITY', rest);
        END IF;
        EXECUTE format('ALTER TABLE public.%I ATTACH PARTITION public.%I FOR VALUES FROM (%L) TO (%L)',
                       whole, part, month, ends);
        IF moved THEN
            EXECUTE format('ALTER TABLE public.%I DISABLE TRIGGER USER', part);
            EXECUTE format('INSERT INTO public.%I SELECT * FROM public.%I', part, moving);
            EXECUTE format('ALTER TABLE public.%I ENABLE TRIGGER USER', part);
            EXECUTE format('DROP TABLE public.%I', moving);
        END IF;
        EXECUTE format('ALTER TABLE public.%I ENABLE ROW LEVEL SECURITY', part);
        EXECUTE format('ALTER TABLE public.%I FORCE ROW LEVEL SECURITY', part);
    END $$
"""

# Runs as the tables' owner and takes nothing from its caller: what it makes and drops follows from the clock alone.
# Events and their terms have the same months: this one, three ahead, and those of what was found in the rest. What
# waits for its seal is not dropped before it has one, or it would be missed for ever; without a tenant it is seen.
UPKEEP = """
    CREATE FUNCTION trail_upkeep(OUT made integer, OUT dropped integer) LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, public, pg_temp AS $$
    DECLARE
        this_month timestamp := date_trunc('month', now() AT TIME ZONE 'UTC');
        parents text[] := ARRAY['access_event', 'access_term'];
        parent text;
        years integer;
        month timestamp;
        months timestamp[];
        found timestamp[];
        part name;
        rest text;
    BEGIN
        made := 0;
        dropped := 0;
        IF NOT pg_try_advisory_xact_lock(5377219604118261) THEN
            RETURN;
        END IF;
        PERFORM set_config('lock_timeout', '500ms', true);
        PERFORM set_config('app.tenant', '', true);
        FOREACH years IN ARRAY ARRAY[1, 2, 7] LOOP
            months := ARRAY(SELECT this_month + make_interval(months => ahead) FROM generate_series(0, 3) AS ahead);
            FOREACH parent IN ARRAY parents LOOP
                FOR part, month IN
                    SELECT relname, to_date(right(relname::text, 7), 'YYYY_MM')::timestamp
                    FROM pg_inherits JOIN pg_class ON pg_class.oid = inhrelid
                    WHERE inhparent = to_regclass(format('public.%I', format('%s_%sy', parent, years)))
                    AND relname ~ '_[0-9]{4}_[0-9]{2}$'
                LOOP
                    IF month + interval '1 month' + make_interval(years => years) <= now() AT TIME ZONE 'UTC'
                        AND NOT EXISTS (
                            SELECT FROM public.unsealed_event AS waiting WHERE waiting.retention_years = years
                            AND waiting.at >= month AT TIME ZONE 'UTC'
                            AND waiting.at < (month + interval '1 month') AT TIME ZONE 'UTC')
                    THEN
                        EXECUTE format('DROP TABLE public.%I', part);
                        dropped := dropped + 1;
                    END IF;
                END LOOP;
                rest := format('%s_%sy_rest', parent, years);
                IF pg_relation_size(format('public.%I', rest)::regclass) > 0 THEN
                    EXECUTE format('ALTER TABLE public.%I NO FORCE ROW LEVEL SECURITY', rest);
                    EXECUTE format(
                        'DELETE FROM public.%1$I WHERE at < %2$L AND NOT EXISTS (SELECT FROM public.unsealed_event '
                        'WHERE retention_years = %3$L AND at < %2$L)',
                        rest, (this_month - make_interval(years => years)) AT TIME ZONE 'UTC', years);
                    EXECUTE format(
                        'SELECT array_agg(DISTINCT date_trunc(''month'', at AT TIME ZONE ''UTC'')) '
                        'FROM public.%I WHERE at < %L',
                        rest, (this_month + interval '4 months') AT TIME ZONE 'UTC') INTO found;
                    EXECUTE format('ALTER TABLE public.%I FORCE ROW LEVEL SECURITY', rest);
                    months := months || coalesce(found, '{}');
                END IF;
            END LOOP;
            FOREACH parent IN ARRAY parents LOOP
                FOREACH month IN ARRAY months LOOP
                    IF to_regclass(format('public.%I', format('%s_%sy_%s', parent, years, to_char(month, 'YYYY_MM'))))
                        IS NULL
                    THEN
                        PERFORM public.trail_add_month(parent, years, month AT TIME ZONE 'UTC');
                        made := made + 1;
                    END IF;
                END LOOP;
            END LOOP;
        END LOOP;
    END $$
"""

# What a proof about the leaf at `place` in the tree of `size` leaves, or from the tree of `place` + 1 leaves on, is made
# of: at each level its neighbours below one parent, and the tree's right edge. Pairs beyond 16 need not be stored.
HASHES = """
    CREATE FUNCTION trail_hashes(place bigint, size bigint) RETURNS jsonb LANGUAGE sql STABLE
    SET search_path = pg_catalog, public, pg_temp AS $$
        WITH tenant AS (SELECT nullif(current_setting('app.tenant', true), '')::uuid AS id),
        span AS (
            SELECT level, (place >> 4 * (level + 1)) << 4 AS first, ((place >> 4 * (level + 1)) << 4) + 15 AS last
            FROM generate_series(0, 7) AS level
            UNION
            SELECT level, (size >> 4 * (level + 1)) << 4, (size >> 4 * level) - 1 FROM generate_series(0, 7) AS level
        ),
        found AS (
            SELECT 0 AS level, leaf.position AS index, leaf.hash FROM tenant, span, public.trail_leaf AS leaf
            WHERE span.level = 0 AND leaf.tenant_id = tenant.id
            AND leaf.position >= span.first AND leaf.position <= least(span.last, size - 1)
            UNION ALL
            SELECT node.level, node.index, node.hash FROM tenant, span, public.trail_node AS node
            WHERE span.level > 0 AND node.tenant_id = tenant.id AND node.level = span.level
            AND node.index >= span.first AND node.index <= least(span.last, (size >> 4 * span.level) - 1)
        )
        SELECT coalesce(jsonb_agg(jsonb_build_array(level, index, encode(hash, 'base64'))), '[]') FROM found
    $$
"""


def upgrade() -> None:
    """Make the seal's tables, let what is there already wait for it, and give the trail its months."""
    create_tables()
    create_partitions("access_term")
    for table, rights in RIGHTS.items():
        for statement in isolate(table, may=rights):
            op.execute(statement)
    for table in WAITING:
        # Rows stay for seconds, so what they leave behind is to be cleared away often.
        op.execute(f"ALTER TABLE {table} SET (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000)")
        op.execute(WHO_WAITS.format(table))
    _enqueue_what_is_there()
    op.drop_column("access_event", "sealed_in")
    op.drop_index("access_event_actor_idx", "access_event")
    for statement in (ENQUEUE, ENQUEUE_EACH, ADD_MONTH, UPKEEP, HASHES):
        op.execute(statement)
    for function in ("enqueue_access_event()", "trail_add_month(text, integer, timestamptz)", "trail_upkeep()"):
        op.execute(f"REVOKE ALL ON FUNCTION {function} FROM PUBLIC")
    op.execute("REVOKE ALL ON FUNCTION trail_hashes(bigint, bigint) FROM PUBLIC")
    op.execute(f"GRANT EXECUTE ON FUNCTION trail_upkeep(), trail_hashes(bigint, bigint) TO {APPLICATION_ROLE}")
    op.execute("SELECT trail_upkeep()")


def _enqueue_what_is_there() -> None:
    """Copy the events' places. Their owner sees rows only while row-level security does not bind it."""
    for table in ("access_event", "unsealed_event"):
        op.execute(f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY")
    op.execute(
        "INSERT INTO unsealed_event (tenant_id, retention_years, at, event_id) "
        "SELECT tenant_id, retention_years, at, id FROM access_event"
    )
    for table in ("access_event", "unsealed_event"):
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")


def create_partitions(table: str) -> None:
    """Make the partition of each class of retention, itself partitioned by time."""
    for years in (1, 2, 7):
        name = f"{table}_{years}y"
        op.execute(f'CREATE TABLE {name} PARTITION OF {table} FOR VALUES IN ({years}) PARTITION BY RANGE ("at")')
        op.execute(f"CREATE TABLE {name}_rest PARTITION OF {name} DEFAULT")
        for partition in (name, f"{name}_rest"):
            for statement in shut(partition):
                op.execute(statement)


def create_tables() -> None:
    """Make the tables as the code describes them."""
    op.create_table(
        "access_term",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column(
            "term",
            sa.Uuid(),
            nullable=False,
            comment="a person concerned, a case, or the digest of a kind and its value",
        ),
        sa.Column("retention_years", sa.SmallInteger(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("event_id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("retention_years IN (1, 2, 7)", name=op.f("access_term_retention_years_check")),
        sa.PrimaryKeyConstraint(
            "tenant_id", "term", "at", "event_id", "retention_years", name=op.f("access_term_pkey")
        ),
        comment="What sealed events are found by. Made from them alone, so it can be made again.",
        postgresql_partition_by="LIST (retention_years)",
    )
    op.create_table(
        "unsealed_event",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("retention_years", sa.SmallInteger(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("event_id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "at", "event_id", "retention_years", name=op.f("unsealed_event_pkey")),
        comment="Events that wait to be sealed. A trigger adds each with its event.",
    )
    op.create_table(
        "unkept_checkpoint",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "size", name=op.f("unkept_checkpoint_pkey")),
        comment="Checkpoints that wait to be kept outside the database.",
    )
    op.create_table(
        "trail_leaf",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False, comment="from 0, without gaps"),
        sa.Column("event_id", sa.Uuid(), nullable=False),
        sa.Column("retention_years", sa.SmallInteger(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint("octet_length(hash) = 32", name=op.f("trail_leaf_hash_check")),
        sa.CheckConstraint("position >= 0 AND position <= 2147483646", name=op.f("trail_leaf_position_check")),
        sa.CheckConstraint("retention_years IN (1, 2, 7)", name=op.f("trail_leaf_retention_years_check")),
        sa.PrimaryKeyConstraint("tenant_id", "position", name=op.f("trail_leaf_pkey")),
        sa.UniqueConstraint("tenant_id", "event_id", name=op.f("trail_leaf_tenant_id_event_id_key")),
        comment="The order of the events, with the hash of each (RFC 9162, section 2.1.1). It outlives them.",
    )
    op.create_table(
        "trail_node",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("level", sa.SmallInteger(), nullable=False, comment="16^level leaves lie below"),
        sa.Column("index", sa.Integer(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint("octet_length(hash) = 32", name=op.f("trail_node_hash_check")),
        sa.CheckConstraint("level >= 1 AND level <= 7", name=op.f("trail_node_level_check")),
        sa.PrimaryKeyConstraint("tenant_id", "level", "index", name=op.f("trail_node_pkey")),
        comment="The roots of the tree's complete parts, so that a proof reads a few rows.",
    )
    op.create_table(
        "trail_checkpoint",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False, comment="how many leaves it covers"),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False, comment="when it was signed"),
        sa.Column("note", sa.Text(), nullable=False, comment="as C2SP's tlog-checkpoint has it"),
        sa.CheckConstraint("size >= 1 AND size <= 2147483647", name=op.f("trail_checkpoint_size_check")),
        sa.CheckConstraint("char_length(note) <= 4000", name=op.f("trail_checkpoint_note_check")),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.tenant_id"], name="trail_checkpoint_tenant_fkey"),
        sa.PrimaryKeyConstraint("tenant_id", "size", name=op.f("trail_checkpoint_pkey")),
        comment="What was signed of the tree, and when.",
    )
