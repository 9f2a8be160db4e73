"""A DVC remote in S3, as docs/server.md sets it up, brings a pipeline to another machine."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path

import pytest

PAGE = (Path(__file__).resolve().parents[2] / "docs/server.md").read_text()
TWO_STAGES = {
    "dvc.yaml": """
stages:
  make:
    cmd: mkdir -p data/inner && printf '1\\n2\\n3\\n' > data/inner/rows.txt
    outs: [data]
  train:
    cmd: ': TEST && wc -l < data/inner/rows.txt > model.txt && date +%N > moment.txt'
    deps: [data]
    outs: [model.txt, moment.txt]
""",
    ".gitignore": "/data\n/model.txt\n/moment.txt\n",
}


@pytest.fixture
def here(project_at, tmp_path, s3):
    """A repository in which `dvc repro` has run, with the keys of the bucket in its environment."""
    project = project_at(tmp_path / "here")
    project.root.mkdir()
    project = dataclasses.replace(project, environment={**project.environment, **s3.environment, "BUCKET": s3.bucket})
    for name, text in TWO_STAGES.items():
        # Each test its own: the bucket, which all share, keeps one run of a stage as well as another.
        (project.root / name).write_text(text.replace("TEST", tmp_path.name))
    project.run("git", "init", "--quiet", "--initial-branch", "main")
    project.dvc("init", "--quiet")
    project.dvc("repro")
    return project


def section() -> tuple[str, str]:
    """The commands of the page for the one who shares, and for the other."""
    text = PAGE[PAGE.index("## Share data and models through S3") :]
    share, take = re.findall("```bash\n(.*?)```", text, re.DOTALL)
    return share, take


def moment(project) -> str:
    """What no second run would make again."""
    return (project.root / "moment.txt").read_text()


def test_what_was_pushed_is_taken_elsewhere_instead_of_being_run(here, s3, tmp_path) -> None:
    share, take = section()
    here.run("bash", "-euc", share)
    here.commit("name a remote")
    assert [item["Key"] for item in s3.client.list_objects_v2(Bucket=s3.bucket, Prefix="dvc/files/md5")["Contents"]]
    assert s3.environment["AWS_ENDPOINT_URL"] not in (here.root / ".dvc/config").read_text()

    site = {**here.environment, "DVC_SITE_CACHE_DIR": str(tmp_path / "site")}
    local = next(line for line in share.splitlines() if "--local" in line)
    for name, commands in {"pulls": take, "only repro": take.splitlines()[-1]}.items():
        here.run("git", "clone", "--quiet", str(here.root), str(tmp_path / name))
        elsewhere = dataclasses.replace(here, root=tmp_path / name, environment=site)
        printed = elsewhere.run("bash", "-euc", f"{local}\n{commands}").stdout
        assert "Running stage" not in printed
        assert moment(elsewhere) == moment(here)
        assert (elsewhere.root / "data/inner/rows.txt").read_text() == "1\n2\n3\n"
        assert elsewhere.run("git", "status", "--porcelain").stdout == ""


def test_without_a_lock_file_the_run_cache_of_the_bucket_is_used(here, tmp_path) -> None:
    share, _ = section()
    here.run("bash", "-euc", share)
    here.run("git", "rm", "--quiet", "--cached", "--ignore-unmatch", "dvc.lock")
    (here.root / "dvc.lock").unlink()
    here.commit("name a remote")
    here.run("git", "clone", "--quiet", str(here.root), str(tmp_path / "elsewhere"))
    site = {**here.environment, "DVC_SITE_CACHE_DIR": str(tmp_path / "site")}
    elsewhere = dataclasses.replace(here, root=tmp_path / "elsewhere", environment=site)
    local = next(line for line in share.splitlines() if "--local" in line)
    # A stage that depends on nothing is in no run cache.
    assert "Running stage 'train'" not in elsewhere.run("bash", "-euc", f"{local}\ndvc repro --pull").stdout
    assert moment(elsewhere) == moment(here)
