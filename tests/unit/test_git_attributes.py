""".gitattributes: git keeps the bytes of which DVC computes checksums, whatever the user's configuration."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
CONFIG = """
[user]
    name = Ada Lovelace
    email = ada@example.org
[core]
    autocrlf = true
    eol = crlf
    safecrlf = true
    attributesFile = ATTRIBUTES
[filter "upper"]
    clean = tr a-z A-Z
    smudge = tr a-z A-Z
    required = true
"""
FILES = {
    "unix.py": b"a\nb\n",
    "dos.csv": b"a\r\nb\r\n",
    "mixed.yaml": b"a\r\nb\n",
    "id.md": b"$Id: 1 $\n",
    "x": b"\0\r\n",
}


@pytest.mark.parametrize("attributes", ["", "* text eol=crlf filter=upper ident working-tree-encoding=UTF-16"])
def test_files_have_the_same_bytes_in_git_and_in_a_clone(
    attributes: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "attributes").write_text(attributes)
    (tmp_path / "config").write_text(CONFIG.replace("ATTRIBUTES", str(tmp_path / "attributes")))
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(tmp_path / "config"))
    root, clone = tmp_path / "root", tmp_path / "clone"
    root.mkdir()
    shutil.copy(REPOSITORY / ".gitattributes", root)
    for name, content in FILES.items():
        (root / name).write_bytes(content)
    for command in (
        ["init", "--quiet"], ["add", "--all"], ["commit", "--quiet", "--message", "files"],
        ["clone", "--quiet", str(root), str(clone)],
    ):  # fmt: skip
        subprocess.run(["git", *command], cwd=root, check=True)
    for name, content in FILES.items():
        blob = subprocess.run(["git", "cat-file", "blob", f"HEAD:{name}"], cwd=root, capture_output=True, check=True)
        assert blob.stdout == (clone / name).read_bytes() == content
