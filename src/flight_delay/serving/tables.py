"""Tables of the predictions database.

migrations/ creates them; a change here needs a migration there."""

from __future__ import annotations

import sqlalchemy as sa

METADATA = sa.MetaData()
# The version of the schema has a table of its own, since MLflow may use the same database.
VERSION_TABLE = "predictions_schema_version"

# An answered request. Its id begins with the time, so that rows are appended. Times are in UTC, without zone.
REQUESTS = sa.Table(
    "requests",
    METADATA,
    sa.Column("request_id", sa.String(32), primary_key=True),
    sa.Column("answered_at", sa.DateTime, nullable=False, index=True),
    sa.Column("state", sa.String(64), nullable=False),
    sa.Column("model_version", sa.String(64), nullable=False),
    sa.Column("shadow_version", sa.String(64)),
    sa.Column("git_commit", sa.String(40), nullable=False),
)
# A flight of a request. `schedule` is the JSON of a flight that was not in the timetable; a probability is a float32.
# There is no foreign key, since every insert would look it up.
PREDICTIONS = sa.Table(
    "predictions",
    METADATA,
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
# A reported outcome. A correction is a new row. As of a time, the row with the largest id counts among those that were
# known before.
OUTCOMES = sa.Table(
    "outcomes",
    METADATA,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("flight_id", sa.String(64), nullable=False, index=True),
    sa.Column("arrival_delay_minutes", sa.Integer),
    sa.Column("cancelled", sa.Boolean, nullable=False),
    sa.Column("diverted", sa.Boolean, nullable=False),
    sa.Column("received_at", sa.DateTime, nullable=False),
    sa.Column("known_at", sa.DateTime, nullable=False),
)
