"""A PostgreSQL of our own: a cluster in a folder, reached through a socket in that folder and in no other way, that runs
while a server needs it. Knows nothing of MLflow."""

from __future__ import annotations

import logging
import os
import pwd
import shutil
import signal
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from flight_delay.core.errors import UserError
from flight_delay.tracking.server import process
from flight_delay.tracking.server.database import why_not
from flight_delay.tracking.server.postgres_programs import QUIET, Programs, find_programs, owner, run_as_owner

log = logging.getLogger(__name__)

DATABASE, PORT = "mlflow", 5432
SOCKET = f".s.PGSQL.{PORT}"
# A path of a socket is kept in 108 bytes, the last of which is zero (unix(7)).
LONGEST_SOCKET_PATH = 107
# After a crash it reads its log again, and waits until the last process of its predecessor is gone.
PATIENCE_SECONDS = 120


@dataclass
class Cluster:
    """A cluster in a folder, and its process once it is started.

    Only the operating system's user who runs the server gets in: by the folder's permissions, and by PostgreSQL's peer
    authentication. There is no password to keep, and nothing listens on a network.
    """

    folder: Path
    programs: Programs
    max_connections: int
    running: process.Process | None = None

    @property
    def data(self) -> Path:
        return self.folder / "data"

    @property
    def url(self) -> str:
        """For SQLAlchemy and for PostgreSQL's own programs."""
        person = quote(_name(os.geteuid()), safe="")
        return f"postgresql://{person}@/{DATABASE}?host={quote(str(self.folder))}&port={PORT}"

    def start(self) -> None:
        """Start it and wait until it lets us in; what a killed server has left behind is stopped before.

        Raises:
            UserError: it does not start.
        """
        if self._run("pg_ctl", "status").returncode == 0:
            self._run("pg_ctl", "stop", "--mode=fast", "--wait")
        settings = {
            "listen_addresses": "",
            "port": PORT,
            "unix_socket_directories": f'"{self.folder}"',
            "max_connections": self.max_connections,
        }
        options = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
        end = time.monotonic() + PATIENCE_SECONDS
        while why := self._not_ready(options):
            if time.monotonic() > end:
                self.stop()
                raise UserError(f"PostgreSQL in {self.folder} does not start ({why}); its log is {self.folder}/log")
            time.sleep(0.1)

    def stop(self) -> None:
        """Stop it as PostgreSQL calls fast: clients are disconnected, what is written is safe."""
        if self.running is not None:
            process.stop(self.running)
        self.running = None

    def _not_ready(self, options: list[str]) -> str | None:
        if self.running is None or self.running.poll() is not None:
            self.stop()
            with (self.folder / "log").open("ab") as output:
                command = [str(self.programs.folder / "postgres"), "-D", str(self.data), *options]
                self.running = process.start(
                    command, QUIET, self.folder, signal.SIGINT, PATIENCE_SECONDS, user=owner(), output=output
                )
        return why_not(self.url)

    def _run(self, program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        return run_as_owner([self.programs.folder / program, *arguments, "-D", self.data], self.folder)


def open_cluster(folder: Path, max_connections: int) -> Cluster:
    """The cluster in a folder, made if it is not there yet: whole, with its empty database, or not at all.

    Raises:
        UserError: PostgreSQL is not there, or cannot work in this folder.
    """
    folder = folder.absolute()
    if len(os.fsencode(folder / SOCKET)) > LONGEST_SOCKET_PATH:
        raise UserError(
            f"{folder}: too long a path for a socket; use a checkout with a shorter one, or name a database in "
            "FLIGHT_DELAY_SERVER_DATABASE"
        )
    made_by = folder / "data/PG_VERSION"
    programs = find_programs(int(made_by.read_text()) if made_by.exists() else None)
    cluster = Cluster(folder, programs, max_connections)
    if not made_by.exists():
        _make(cluster)
    return cluster


def _make(cluster: Cluster) -> None:
    cluster.folder.mkdir(parents=True, exist_ok=True)
    cluster.folder.chmod(0o700)
    if user := owner():
        shutil.chown(cluster.folder, user, pwd.getpwnam(user).pw_gid)
        if run_as_owner(["test", "-w", cluster.folder], Path("/")).returncode:
            raise UserError(
                f"user '{user}', as whom PostgreSQL runs for root, may not enter {cluster.folder}; use a checkout "
                "elsewhere, be another user, or name a database in FLIGHT_DELAY_SERVER_DATABASE"
            )
    partial = cluster.folder / ".data.partial"
    shutil.rmtree(partial, ignore_errors=True)
    log.info("making a database in %s", cluster.folder)
    who = f"--username={_name(os.geteuid())}"
    how = ["--auth-local=peer", "--auth-host=reject", "--encoding=UTF8", "--locale=C", "--data-checksums", who]
    programs = cluster.programs.folder
    make: list[str | Path] = [programs / "initdb", *how, "-D", partial]
    # Without a running server, so that nothing has to be stopped should we be killed here.
    fill: list[str | Path] = [programs / "postgres", "--single", "-j", "-D", partial, "postgres"]
    for command, said in ((make, ""), (fill, f"CREATE DATABASE {DATABASE};\n\n")):
        done = run_as_owner(command, cluster.folder, said)
        if done.returncode:
            why = done.stderr.strip().splitlines() or ["no reason given"]
            raise UserError(
                f"PostgreSQL cannot make a database in {cluster.folder} ({why[-1]}); mend that, start again"
            )
    partial.rename(cluster.data)


def _name(user_id: int) -> str:
    try:
        return pwd.getpwuid(user_id).pw_name
    except KeyError:
        raise UserError(
            f"this machine has no name for user {user_id}, and PostgreSQL asks for one; be one it has"
        ) from None
