"""Git repositories for tests, made by the git of the machine with an identity and dates of their own."""

from __future__ import annotations

import subprocess
from pathlib import Path

AUTHOR = "Ada Lovelace <ada@example.org>"


class Repository:
    """A repository without a commit; its commits are a minute apart."""

    def __init__(self, root: Path) -> None:
        self.root, self._minute, self._author = root, 0, AUTHOR
        root.mkdir(parents=True, exist_ok=True)
        self.git("init", "--quiet", "--initial-branch", "main")

    def git(self, *arguments: str) -> str:
        """Run git in the repository and return its output."""
        date = f"2026-01-01T00:{self._minute:02}:00Z"
        name, _, email = self._author.removesuffix(">").partition(" <")
        identity = {
            f"GIT_{role}_{key}": value
            for role in ("AUTHOR", "COMMITTER")
            for key, value in (("NAME", name), ("EMAIL", email), ("DATE", date))
        }
        environment = {"PATH": "/usr/local/bin:/usr/bin:/bin", "GIT_CONFIG_GLOBAL": "/dev/null", **identity}
        done = subprocess.run(
            ["git", *arguments], cwd=self.root, env=environment, capture_output=True, text=True, check=True
        )
        return done.stdout.strip()

    def commit(
        self, text: str | None = None, path: str = "dvc.lock", minute: int | None = None, author: str = AUTHOR
    ) -> str:
        """Commit everything, after a file is written if there is a text, and return the commit."""
        self._author = author
        self._minute = self._minute + 1 if minute is None else minute
        if text is not None:
            (self.root / path).parent.mkdir(parents=True, exist_ok=True)
            (self.root / path).write_text(text, errors="surrogateescape")
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "--message", "change")
        return self.git("rev-parse", "HEAD")
