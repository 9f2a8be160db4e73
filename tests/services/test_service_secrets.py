"""Secrets of a server stay in its environment, and its role in PostgreSQL opens no other database."""

from __future__ import annotations

import hashlib
import os
import subprocess
from pathlib import Path

import sqlalchemy as sa
from prediction_service import SCHEDULE, served

from flight_delay.tracking.server.postgres import running_postgres

SCRIPT = Path(__file__).resolve().parents[2] / "deploy/predictions.sh"
KEY, WRONG_KEY, PASSWORD = "key-4711", "key-0815", "pass-word-4711"
PAGES = ("/", "/version", "/metrics", "/health", "/ready", "/openapi.json", "/docs")


def test_keys_and_the_password_of_the_database_are_shown_nowhere(made, folder, postgres, tmp_path) -> None:
    keys = tmp_path / "keys.txt"
    keys.write_text(f"{hashlib.sha256(KEY.encode()).hexdigest()} Ada\n")
    url = sa.make_url(postgres).set(password=PASSWORD).render_as_string(hide_password=False)  # peers need none
    with served(made, folder, "--workers", "2", "--keys", str(keys), FLIGHT_DELAY_DATABASE=url) as service:
        with_key, with_wrong_key = ({"headers": {"Authorization": f"Bearer {key}"}} for key in (KEY, WRONG_KEY))
        answered, refused = service.predict(SCHEDULE, **with_key), service.predict(SCHEDULE, **with_wrong_key)
        assert (answered.status_code, refused.status_code) == (200, 401)
        unauthorized = service.get("/", auth=("Ada", WRONG_KEY))
        pages = [service.get(path, **with_key) for path in PAGES]
        assert [page.status_code for page in pages] == [200] * len(PAGES)
        shown = [answered.text, refused.text, unauthorized.text, *(page.text for page in pages)]
        shown += [" ".join(process.cmdline()) for process in service.processes()]
        service.log_line(answered.json()["request_id"])
        assert service.end() == 0
    shown += [path.read_bytes().decode("latin-1") for path in Path(folder).rglob("*") if path.is_file()]
    for secret in (KEY, WRONG_KEY, PASSWORD):
        assert [text for text in shown if secret in text] == []


def test_the_role_of_predictions_cannot_open_the_database_of_mlflow(open_folder) -> None:
    folder = open_folder("roles")
    with running_postgres(folder) as address:
        url = sa.make_url(address).set(drivername="postgresql+psycopg2")
        names = {"PGHOST": str(folder), "PGPORT": str(url.query["port"]), "POSTGRES_DB": str(url.database)}
        environment = {**os.environ, **names, "POSTGRES_USER": str(url.username), "PREDICTIONS_PASSWORD": PASSWORD}
        done = subprocess.run(["sh", SCRIPT], env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        engine = sa.create_engine(url)
        query = "SELECT datname, has_database_privilege('predictions', datname, 'CONNECT') AS allowed FROM pg_database"
        with engine.connect() as connection:
            may_connect = {row.datname: row.allowed for row in connection.execute(sa.text(query))}
        engine.dispose()
    assert (may_connect["predictions"], may_connect["mlflow"]) == (True, False)
