"""Run migrations on the connection that `database.migrate` passes."""

from alembic import context

from flight_delay.serving.tables import METADATA

# A table of our own, since MLflow may use the same database.
context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=METADATA,
    version_table="predictions_schema_version",
)
with context.begin_transaction():
    context.run_migrations()
