#!/bin/sh
# Create the role and the database of predictions; neither role can open the database of the other.
set -eu
psql --set ON_ERROR_STOP=1 --set password="$PREDICTIONS_PASSWORD" --username "$POSTGRES_USER" --dbname "$POSTGRES_DB" <<'SQL'
CREATE ROLE predictions LOGIN PASSWORD :'password';
CREATE DATABASE predictions OWNER predictions;
REVOKE CONNECT ON DATABASE mlflow FROM PUBLIC;
REVOKE CONNECT ON DATABASE predictions FROM PUBLIC;
SQL
