"""review.clean_clone: a commit is run independently of the caller's git, configuration, credentials and network."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from flight_delay.core.errors import UserError
from flight_delay.review.clean_clone import clean_clone
from flight_delay.review.verification.verify import check_lock
from flight_delay.vcs.git import git, list_experiments

CONFIG = """
[user]
    useConfigOnly = true
[alias]
    check = "!flight-delay verify --quick"
[core]
    hooksPath = HOME/hooks
    autocrlf = true
    attributesFile = HOME/attributes
    fsmonitor = HOME/hooks/hook
    pager = false
    editor = false
[init]
    templateDir = HOME/template
[clone]
    defaultRemoteName = upstream
[protocol]
    allow = never
[commit]
    gpgSign = true
[gpg]
    program = false
[log]
    showSignature = true
[status]
    short = true
    showUntrackedFiles = no
[diff]
    noprefix = true
    external = false
[color]
    ui = always
[column]
    ui = always
[filter "upper"]
    clean = tr a-z A-Z
    smudge = tr a-z A-Z
    required = true
[url "file:///nowhere/"]
    insteadOf = /
"""
HOOK = "#!/bin/sh\ntouch HOME/hooked\nexit 1\n"
TOUCHY = ("post-checkout", "post-commit", "commit-msg", "reference-transaction", "post-index-change", "hook")
REACH = """
import os, json, pathlib, socket
port = int(pathlib.Path("port.txt").read_text())
try:
    socket.create_connection(("127.0.0.1", port), timeout=5).close()
    reached = True
except OSError:
    reached = False
pathlib.Path("seen.json").write_text(json.dumps({"variables": dict(os.environ), "reached": reached}))
"""


@pytest.fixture
def hostile(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home folder whose configuration of git breaks whatever heeds it; hooks leave the file `hooked`."""
    home = tmp_path / "home"
    for folder in ("hooks", "template/hooks"):
        (home / folder).mkdir(parents=True)
        for name in TOUCHY:
            (home / folder / name).write_text(HOOK.replace("HOME", str(home)))
            (home / folder / name).chmod(0o755)
    (home / "attributes").write_text("* text eol=crlf filter=upper ident\n")
    (home / ".gitconfig").write_text(CONFIG.replace("HOME", str(home)))
    for name, value in {"HOME": str(home), "LANG": "de_DE.UTF-8", "LANGUAGE": "de", "GIT_PAGER": "false"}.items():
        monkeypatch.setenv(name, value)
    return home


def commit(project: Any, **files: str) -> str:
    for name, text in files.items():
        (project.root / name.replace("_", ".")).write_text(text)
    project.commit()
    return git("rev-parse", "HEAD", cwd=project.root)


def test_verify_in_a_linked_worktree_changes_neither_its_branch_nor_its_index(
    small: Any, hostile: Path, tmp_path: Path
) -> None:
    commit(small, README_md="hello\n")
    worktree = tmp_path / "worktree"
    git("worktree", "add", "--quiet", "-b", "feature", str(worktree), cwd=small.root)
    hook = small.root / ".git/hooks/pre-commit"
    hook.write_text("#!/bin/sh\nflight-delay verify --quick HEAD~1\n")
    hook.chmod(0o755)
    (worktree / "README.md").write_text("changed\n")
    git("add", "README.md", cwd=worktree)
    heads = git("for-each-ref", cwd=small.root)

    def run(*command: str) -> str:
        done = subprocess.run(command, cwd=worktree, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout

    overrides = ("-c", "core.fsmonitor=false", "-c", f"core.hooksPath={hook.parent}", "-c", "commit.gpgSign=false")
    assert run("git", "-c", "core.fsmonitor=false", "check", "HEAD~1").splitlines()[-1] == "dvc.lock fits the commit"
    assert git("for-each-ref", cwd=small.root) == heads
    assert git("diff", "--cached", "--name-only", cwd=worktree) == "README.md"
    run("git", *overrides, "-c", "core.attributesFile=", "-c", "core.autocrlf=false", "commit", "--message", "change")
    assert git("branch", "--show-current", cwd=worktree) == "feature"
    assert git("rev-parse", "HEAD~1", cwd=worktree) == git("rev-parse", "main", cwd=worktree)
    assert not (hostile / "hooked").exists()


def test_the_quick_check_runs_no_code_of_the_commit(small: Any, tmp_path: Path) -> None:
    spy = f"import pathlib; pathlib.Path({str(tmp_path / 'ran')!r}).touch()\n"
    small.dvc("repro")
    revision = commit(small, **dict.fromkeys(("dvc_py", "yaml_py", "sitecustomize_py", "conftest_py", "make_py"), spy))
    stale = check_lock(revision).stale
    assert [entry for entry in stale if "make.py" not in entry] == []
    assert len(stale) == 1
    assert not (tmp_path / "ran").exists()


def test_an_experiment_in_a_clean_clone_does_not_heed_the_configuration_of_git(small: Any, hostile: Path) -> None:
    with clean_clone(git("rev-parse", "HEAD")) as clone:
        clone.dvc("repro")
        clone.commit_outputs()
        clone.dvc("exp", "run", "--temp", "--name", "more", "--set-param", "make.rows=4")
        (experiment,) = list_experiments(clone.root)
        before, after = (
            yaml.safe_load(git("cat-file", "blob", f"{revision}:dvc.lock", cwd=clone.root))["stages"]["make"]
            for revision in ("HEAD", experiment)
        )
    assert before["deps"] == after["deps"]
    assert before["outs"] != after["outs"]
    assert not (hostile / "hooked").exists()


def test_a_kept_clone_is_a_checkout_of_its_own(small: Any, tmp_path: Path) -> None:
    kept = tmp_path / "kept"
    with clean_clone(git("rev-parse", "HEAD"), keep=kept) as clone:
        clone.run_from_raw_data()
    assert not clone.root.exists()
    assert (kept / "model.txt").read_bytes() == (small.root / "model.txt").read_bytes()
    project = replace(small, root=kept)
    assert json.loads(project.dvc("status", "--json").stdout) == {}
    project.dvc("checkout", "--force")
    with pytest.raises(UserError), clean_clone(git("rev-parse", "HEAD"), keep=kept):
        pass


@pytest.fixture
def reaching(small: Any) -> Any:
    """A commit whose stage writes its environment variables, and whether it reaches a server; the commit."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        stages = {"make": {"cmd": "python make.py", "deps": ["make.py"], "outs": ["seen.json"]}}
        (small.root / "port.txt").write_text(str(server.getsockname()[1]))
        (small.root / "dvc.lock").write_text("schema: '2.0'\nstages: {}\n")
        yield commit(small, make_py=REACH, dvc_yaml=yaml.safe_dump({"stages": stages}))


def stage_environment(revision: str, **options: bool) -> Any:
    with clean_clone(revision, **options) as clone:
        clone.run_from_raw_data()
        return json.loads((clone.root / "seen.json").read_text())


def test_a_stage_sees_no_credentials(reaching: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("MLFLOW_TRACKING_PASSWORD", "AWS_SECRET_ACCESS_KEY", "GITHUB_TOKEN", "SSH_AUTH_SOCK"):
        monkeypatch.setenv(name, "secret")
    environment = stage_environment(reaching)
    assert environment["reached"]
    assert "secret" not in environment["variables"].values()
    assert environment["variables"]["HOME"] != os.environ.get("HOME")


def test_an_isolated_stage_has_no_network(reaching: str) -> None:
    possible = subprocess.run(["unshare", "--map-root-user", "--net", "true"], check=False).returncode == 0
    if possible:
        assert not stage_environment(reaching, isolate=True)["reached"]
    else:
        with pytest.raises(UserError):
            stage_environment(reaching, isolate=True)


def test_without_a_means_of_isolation_nothing_runs(reaching: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(Path(shutil.which("git") or "").parent / "nowhere"))
    with pytest.raises(UserError, match=r"^--isolate: [^\n]*$"):
        stage_environment(reaching, isolate=True)


@pytest.mark.parametrize("path", [".dvc/config.local", ".dvc", "data.csv"])
def test_a_link_out_of_the_commit_is_refused(small: Any, tmp_path: Path, path: str) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "config.local").write_text("mine")
    link = small.root / path
    if path == ".dvc":
        link.rename(tmp_path / "dvc")
    link.symlink_to(outside / "config.local" if path != ".dvc" else outside)
    git("add", "--force", path, cwd=small.root)
    small.run("git", "commit", "--quiet", "--message", "link")
    revision = git("rev-parse", "HEAD", cwd=small.root)
    with pytest.raises(UserError, match=rf"^{path} of commit "), clean_clone(revision):
        pass
    assert (outside / "config.local").read_text() == "mine"
    assert [entry.name for entry in outside.iterdir()] == ["config.local"]
