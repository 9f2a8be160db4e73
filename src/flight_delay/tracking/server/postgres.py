"""A PostgreSQL cluster in a folder of the checkout, run by `pg_ctl`."""

from __future__ import annotations

import logging
import os
import pwd
import shlex
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

from filelock import FileLock, Timeout

from flight_delay.core.errors import UserError

log = logging.getLogger(__name__)

DATABASE, PORT = "mlflow", 5432  # the port is part of the name of the socket
# Workers times pools times connections (mlflow_server.DEFAULTS), and 20 for backups and PostgreSQL itself.
MAX_CONNECTIONS = 2 * 2 * (20 + 30) + 20
# Recovery after a crash may take longer than the 60 seconds that pg_ctl waits by default.
TIMEOUT_SECONDS = 120
# Debian keeps the programs off PATH, in a folder for each major version.
DEBIAN_PROGRAMS = "/usr/lib/postgresql"
INSTEAD = "name a database in FLIGHT_DELAY_SERVER_DATABASE, or use deploy/compose.yaml"
INSTALL = f"install it (Debian, Ubuntu: apt-get install postgresql), {INSTEAD}"


@contextmanager
def running_postgres(folder: Path) -> Iterator[str]:
    """Run the cluster in a folder; yield the URL of its database.

    The cluster listens on a Unix socket in the folder, and peer authentication admits only the operating-system user
    who runs this process: there is no password and no port. PostgreSQL refuses to run as root; root runs it as
        `postgres`.

    Raises:
        UserError: PostgreSQL is not installed or does not start, or another server uses the folder.
    """
    owner, user = _cluster_owner(), _user_name()
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        lock = FileLock(folder / ".lock").acquire(timeout=0)
    except Timeout:
        raise UserError(f"another server uses {folder}; stop it, or {INSTEAD}") from None
    with lock:
        if not (folder / "data").exists():
            _create_cluster(folder, owner, user)
        command = ["-D", str(folder / "data"), "-m", "fast", "-w", "-t", str(TIMEOUT_SECONDS)]
        socket = shlex.quote(f'unix_socket_directories="{folder}"')
        options = f"-c listen_addresses= -c {socket} -c port={PORT} -c max_connections={MAX_CONNECTIONS}"
        # Not `start`: a server that was killed leaves PostgreSQL running.
        _run(folder, owner, "pg_ctl", "restart", *command, "-l", str(folder / "log"), "-o", options)
        try:
            yield f"postgresql://{quote(user)}@/{DATABASE}?host={quote(str(folder))}&port={PORT}"
        finally:
            _run(folder, owner, "pg_ctl", "stop", *command)


def _create_cluster(folder: Path, owner: str | None, user: str) -> None:
    """Create `data` with an empty database: completely, or not at all."""
    log.info("creating a PostgreSQL cluster in %s", folder)
    if owner:
        shutil.chown(folder, owner, owner)
    partial = folder / ".data.partial"
    shutil.rmtree(partial, ignore_errors=True)
    encoding = ["--encoding=UTF8", "--locale=C", "--data-checksums"]
    access = ["--auth-local=peer", "--auth-host=reject", f"--username={user}"]
    _run(folder, owner, "initdb", "-D", str(partial), *encoding, *access)
    statement = f"CREATE DATABASE {DATABASE};\n\n"
    _run(folder, owner, "postgres", "--single", "-j", "-D", str(partial), "postgres", stdin=statement)
    partial.rename(folder / "data")


def _run(folder: Path, owner: str | None, program: str, *arguments: str, stdin: str = "") -> None:
    """Run a program of PostgreSQL as the owner, without this environment."""
    folders = [os.environ.get("PATH", os.defpath), *sorted(map(str, Path(DEBIAN_PROGRAMS).glob("*/bin")), reverse=True)]
    path = os.pathsep.join(folders)
    executable = shutil.which(program, path=path)
    if executable is None:
        raise UserError(f"PostgreSQL is not installed ({program} is not on PATH); {INSTALL}")
    done = subprocess.run(
        [executable, *arguments], cwd=folder, env={"PATH": path, "LC_ALL": "C"}, input=stdin, capture_output=True,
        encoding="utf-8", errors="replace", check=False, user=owner, group=owner, extra_groups=[] if owner else None,
    )  # fmt: skip
    if done.returncode:
        lines = done.stderr.strip().splitlines() or ["no reason given"]
        reason = lines[-1].replace("Examine the log output.", f"see {folder / 'log'}")
        raise UserError(f"{program} failed in {folder} ({reason}); resolve that, or {INSTEAD}")


def _cluster_owner() -> str | None:
    """Return the user that PostgreSQL runs as, if not this process's own."""
    if os.geteuid() != 0:
        return None
    try:
        return pwd.getpwnam("postgres").pw_name
    except KeyError:
        raise UserError(f"PostgreSQL does not run as root, and there is no user postgres; {INSTALL}") from None


def _user_name() -> str:
    try:
        return pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:
        raise UserError(f"user id {os.geteuid()} has no passwd entry; run as a named user, or {INSTEAD}") from None
