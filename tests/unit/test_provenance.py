"""review.provenance: what a commit says, in a small repository, and the command."""

from __future__ import annotations

import argparse
import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from repositories import Repository

from flight_delay.commands.provenance import run
from flight_delay.review.provenance.commit import MANIFEST, Provenance, read_provenance
from flight_delay.review.provenance.lineage import list_artifacts, sources
from flight_delay.vcs.commit_files import CommitFiles

PARAMS = {"fetch": {"last": "2013-02", "from": {"year": 2013}}, "train": {"depth": 4}}
FILES = {
    "params.yaml": yaml.safe_dump(PARAMS),
    "dvc.yaml": yaml.safe_dump({"stages": {name: {"cmd": f"python {name}"} for name in ("fetch", "train")}}),
    "requirements.txt": "numpy==2.0\n",
    "src/core/a.py": "a\n",
    "src/core/b/c.py": "c\n",
    "src/core/b.py": "b\n",
    "src/train.py": "train\n",
    "README.md": "hello\n",
    MANIFEST: json.dumps({
        "source": "flights of old", "version": "0.1", "licence": "CC0-1.0", "homepage": "https://example.org",
        "files": {
            "flights/2013-01.parquet": {"rows": 10}, "flights/2013-02.parquet": {"rows": 11},
            "tables/a.parquet": {"rows": 3},
        },
    }),
    ".dvc/config": "",
}  # fmt: skip
ADA, GRACE = "Ada Lovelace <ada@example.org>", "Grace Hopper <grace@example.org>"


def md5(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


def of_file(path: str) -> dict[str, Any]:
    return {"path": path, "md5": md5(FILES[path]), "size": len(FILES[path])}


def of_folder(path: str) -> dict[str, Any]:
    """As DVC has it: the parts in the order of their paths, letter by letter."""
    names = ["a.py", "b.py", "b/c.py"]
    parts = ", ".join(f'{{"md5": "{md5(FILES[f"{path}/{name}"])}", "relpath": "{name}"}}' for name in names)
    return {"path": path, "md5": f"{md5(f'[{parts}]')}.dir", "size": 6, "nfiles": 3}


def made(path: str, checksum: str, **more: Any) -> dict[str, Any]:
    return {"path": path, "md5": checksum, **more}


RAW = made("data/raw/flights", "r1.dir", nfiles=2, size=100)
STAGES: dict[str, Any] = {
    "fetch": {
        "cmd": "python fetch",
        "deps": [of_file("requirements.txt"), of_folder("src/core")],
        "params": {"params.yaml": {"fetch": PARAMS["fetch"]}},
        "outs": [RAW, of_file(MANIFEST), made("data/raw/tables", "t1.dir", nfiles=1)],
    },
    "train": {
        "cmd": "python train",
        "deps": [RAW, of_file("requirements.txt"), of_file("src/train.py")],
        "params": {"params.yaml": {"train": PARAMS["train"]}},
        "outs": [made("model.ubj", "mmm1"), made("curve.csv", "ccc1")],
    },
    "gone": {"cmd": "left behind", "outs": [made("model.ubj", "mmm1")]},
}  # fmt: skip


class Provenanced(Repository):
    """A repository that Ada began and Grace went on with."""

    def commit_files(self, author: str, files: dict[str, str]) -> str:
        for path, text in files.items():
            (self.root / path).parent.mkdir(parents=True, exist_ok=True)
            (self.root / path).write_text(text)
        return self.commit(author=author)

    def lock(self, **changes: Any) -> str:
        return self.commit_files(
            GRACE, {"dvc.lock": yaml.safe_dump({"schema": "2.0", "stages": {**STAGES, **changes}})}
        )


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Provenanced:
    """Code by Ada, then a stage by Grace; no lock yet."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DVC_SITE_CACHE_DIR", str(tmp_path / ".site"))
    repository = Provenanced(tmp_path)
    (tmp_path / ".git/info/exclude").write_text(".site\n")
    repository.first = repository.commit_files(ADA, FILES | {"src/train.py": "draft\n"})
    repository.second = repository.commit_files(GRACE, {"src/train.py": FILES["src/train.py"]})
    return repository


def read() -> Provenance:
    return read_provenance(CommitFiles.at("HEAD"))


def test_committed_inputs_have_the_commit_that_changed_them(repository: Repository) -> None:
    commit = repository.lock()
    provenance = read()
    assert provenance.commit == (commit, GRACE)
    assert {artifact.path: change for artifact, change in provenance.changes.items()} == {
        "requirements.txt": (repository.first, ADA), "src/core": (repository.first, ADA),
        "src/train.py": (repository.second, GRACE),
        "params.yaml:fetch": (repository.first, ADA), "params.yaml:train": (repository.first, ADA),
    }  # fmt: skip
    assert provenance.lock_md5 == md5((repository.root / "dvc.lock").read_text())
    assert [stage.name for stage in provenance.stages] == ["fetch", "train"]  # dvc.yaml has no other
    assert provenance.manifest == json.loads(FILES[MANIFEST])


@pytest.mark.parametrize(
    ("path", "text", "unconfirmed"),
    [
        ("src/train.py", "train twice\n", "src/train.py"),
        ("src/core/b.py", "other\n", "src/core"),
        ("src/core/d.py", "new\n", "src/core"),
        ("params.yaml", yaml.safe_dump({**PARAMS, "train": {"depth": 5}}), "params.yaml:train"),
        ("params.yaml", yaml.safe_dump({**PARAMS, "fetch": 1}), "params.yaml:fetch"),
    ],
)
def test_an_input_with_other_content_in_the_commit_is_not_confirmed(
    repository: Provenanced, path: str, text: str, unconfirmed: str
) -> None:
    repository.lock()
    repository.commit_files(ADA, {path: text})
    provenance = read()
    inputs = {
        artifact.path for artifact in list_artifacts(provenance.stages) if not sources(provenance.stages, artifact)
    }
    assert inputs - {artifact.path for artifact in provenance.changes} == {unconfirmed}


def test_the_working_tree_is_not_read(repository: Provenanced) -> None:
    repository.lock()
    before = read()
    for path in ("src/train.py", "params.yaml", "dvc.lock", "dvc.yaml", MANIFEST):
        (repository.root / path).write_text("changed: true\n")
    assert read() == before


@pytest.mark.parametrize("content", [FILES[MANIFEST].replace("0.1", "0.2"), None])
def test_a_manifest_that_is_not_the_one_of_the_lock_is_ignored(repository: Repository, content: str | None) -> None:
    repository.lock()
    (repository.root / MANIFEST).unlink()
    repository.commit_files(ADA, {MANIFEST: content} if content else {})
    assert read().manifest is None


def test_the_command_takes_relative_paths_and_names_of_commits(
    repository: Repository, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    repository.lock()
    repository.commit_files(ADA, {"src/train.py": "train twice\n"})

    def output(what: str | None, at: str | None = None, as_json: bool = False) -> str:
        assert run(argparse.Namespace(what=what, at=at, json=as_json)) == 0
        return capsys.readouterr().out

    at_the_top = output("model.ubj")
    # What the commit does not confirm is listed once more, at the end.
    assert [text.count("src/train.py") for text in (at_the_top, output("model.ubj", at="HEAD~1"))] == [2, 1]
    assert output(None).splitlines()[-1].split()[0] == "curve.csv"
    generated = [json.loads(output(what, as_json=True))["wasGeneratedBy"] for what in (None, "curve.csv")]
    assert [len(records) for records in generated] == [5, 2]
    monkeypatch.chdir(repository.root / "src")
    assert output("../model.ubj") == output(str(repository.root / "model.ubj")) == at_the_top
    assert output("..") != output(".") != ""
    assert "train.py" in output("train.py")
