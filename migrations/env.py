"""What Alembic runs for each command; the connection comes from `migrations.runner`."""

from alembic import context

from migrations.metadata import is_compared, metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    include_object=is_compared,
    compare_server_default=True,
    include_schemas=True,
)
with context.begin_transaction():
    context.run_migrations()
