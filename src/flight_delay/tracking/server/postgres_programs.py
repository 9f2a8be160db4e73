"""The PostgreSQL that this machine has: where its programs are, and as whom they run."""

from __future__ import annotations

import os
import pwd
import re
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from flight_delay.core.errors import UserError
from flight_delay.tracking.server.process import identity

# Where distributions put the programs, which are not on the PATH.
ELSEWHERE = ("/usr/lib/postgresql/*/bin", "/usr/pgsql-*/bin", "/opt/homebrew/opt/postgresql@*/bin")
# All of their environment: nothing secret, and messages in English.
QUIET = {"LC_ALL": "C", "PATH": os.defpath}


class Programs(NamedTuple):
    """A PostgreSQL that is installed: its major version and the folder of its programs."""

    version: int
    folder: Path


def find_programs(wanted: int | None = None) -> Programs:
    """Find an installed PostgreSQL: of the wanted major version, or else the newest.

    Raises:
        UserError: there is none, or none of that version.
    """
    on_path = shutil.which("initdb")
    folders = {Path(on_path).resolve().parent} if on_path else set()
    folders |= {path for pattern in ELSEWHERE for path in Path("/").glob(pattern[1:]) if (path / "initdb").exists()}
    found = sorted(Programs(_version(folder), folder) for folder in folders if (folder / "postgres").exists())
    fitting = [of for of in found if wanted in {None, of.version}]
    if fitting:
        return fitting[-1]
    missing = "PostgreSQL" if wanted is None else f"PostgreSQL {wanted}, which has made this database,"
    raise UserError(
        f"{missing} is not on this machine; install it (Debian, Ubuntu: apt-get install postgresql), name a database in "
        "FLIGHT_DELAY_SERVER_DATABASE, or use deploy/compose.yaml"
    )


def owner() -> str | None:
    """Whose the cluster is where it cannot be ours: PostgreSQL refuses to run as root.

    Raises:
        UserError: we are root, and there is no user for PostgreSQL.
    """
    if os.geteuid() != 0:
        return None
    try:
        return pwd.getpwnam("postgres").pw_name
    except KeyError:
        raise UserError("PostgreSQL does not run as root, and there is no user 'postgres'; be another user") from None


def run_as_owner(command: Sequence[str | Path], folder: Path, said: str = "") -> subprocess.CompletedProcess[str]:
    """Run a program to its end in a folder, as the user whose the database is; `said` is what it reads."""
    return subprocess.run(
        command, cwd=folder, env=QUIET, input=said, capture_output=True, text=True, check=False, **identity(owner())
    )


def _version(folder: Path) -> int:
    said = subprocess.run([folder / "postgres", "--version"], capture_output=True, text=True, check=True).stdout
    match = re.search(r"\(PostgreSQL\) (\d+)", said)
    return int(match[1]) if match else 0
