"""Add the time when an outcome became known: of old rows, that of receipt."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision, down_revision = "0002", "0001"


def upgrade() -> None:
    op.add_column("outcomes", sa.Column("known_at", sa.DateTime))
    op.execute("UPDATE outcomes SET known_at = received_at")
    with op.batch_alter_table("outcomes") as table:  # SQLite cannot alter a column: it copies the table
        table.alter_column("known_at", existing_type=sa.DateTime(), nullable=False)
