"""Run migrations on the connection that `database.migrate` passes."""

from alembic import context

from flight_delay.serving.tables import METADATA, VERSION_TABLE

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=METADATA,
    version_table=VERSION_TABLE,
)
with context.begin_transaction():
    context.run_migrations()
