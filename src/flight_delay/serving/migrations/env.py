"""Run migrations on the connection that `database.migrate` passes."""

from alembic import context

from flight_delay.serving.tables import METADATA

context.configure(connection=context.config.attributes["connection"], target_metadata=METADATA)
with context.begin_transaction():
    context.run_migrations()
