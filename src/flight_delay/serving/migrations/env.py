"""Run migrations on the connection that `database.migrate` passes."""

from alembic import context

from flight_delay.serving.tables import METADATA, VERSION_TABLE

connection = context.config.attributes["connection"]
if connection.dialect.name == "sqlite":
    connection.exec_driver_sql("BEGIN")  # else Python's driver commits each statement, and a crash leaves half of them
context.configure(
    connection=connection,
    target_metadata=METADATA,
    version_table=VERSION_TABLE,
)
with context.begin_transaction():
    context.run_migrations()
