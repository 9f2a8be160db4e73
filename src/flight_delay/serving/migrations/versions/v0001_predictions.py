"""Create requests, predictions and outcomes."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision, down_revision = "0001", None


def upgrade() -> None:
    op.create_table(
        "requests",
        sa.Column("request_id", sa.String(32), primary_key=True),
        sa.Column("answered_at", sa.DateTime, nullable=False, index=True),
        sa.Column("state", sa.String(64), nullable=False),
        sa.Column("model_version", sa.String(64), nullable=False),
        sa.Column("shadow_version", sa.String(64)),
        sa.Column("git_commit", sa.String(40), nullable=False),
    )
    op.create_table(
        "predictions",
        sa.Column("request_id", sa.String(32), primary_key=True),
        sa.Column("row", sa.Integer, primary_key=True),
        sa.Column("flight_id", sa.String(64), nullable=False, index=True),
        sa.Column("flight_date", sa.Date, nullable=False),
        sa.Column("schedule", sa.Text),
        sa.Column("probability", sa.Double, nullable=False),
        sa.Column("predicted_late", sa.Boolean, nullable=False),
        sa.Column("days_behind", sa.SmallInteger, nullable=False),
        sa.Column("fallback", sa.Boolean, nullable=False),
        sa.Column("shadow_probability", sa.Double),
    )
    op.create_table(
        "outcomes",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("flight_id", sa.String(64), nullable=False, index=True),
        sa.Column("arrival_delay_minutes", sa.Integer),
        sa.Column("cancelled", sa.Boolean, nullable=False),
        sa.Column("diverted", sa.Boolean, nullable=False),
        sa.Column("received_at", sa.DateTime, nullable=False),
    )
