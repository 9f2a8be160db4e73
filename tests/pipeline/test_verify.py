"""`flight-delay verify`: says that a commit is reproduced when it is, and names what is not."""

from __future__ import annotations

import re
import subprocess


def snapshot(project) -> dict[str, str]:
    """What must not change: status, cached files, and whether there are runs."""
    cached = sorted(str(path) for path in (project.root / ".dvc/cache").rglob("*"))
    return {
        "git": project.run("git", "status", "--porcelain").stdout,
        "cache": "\n".join(cached),
        "mlflow": str((project.root / "mlflow.db").exists()),
    }


def test_a_commit_is_reproduced_whatever_the_surroundings(copy_of_made) -> None:
    before = snapshot(copy_of_made)
    done = copy_of_made.run(
        "flight-delay",
        "verify",
        OMP_NUM_THREADS="1",
        TZ="Asia/Tokyo",
        LC_ALL="C",
        PYTHONHASHSEED="7",
        DVC_ROOT="/nowhere",
        DVC_EXP_NAME="somebody-elses",
        MLFLOW_TRACKING_URI="http://127.0.0.1:9",
        PYTHONPATH="/nowhere",
    )
    outputs = [
        out["path"] for stage, entry in copy_of_made.lock().items() if stage != "publish" for out in entry["outs"]
    ]
    assert len(outputs) == 24
    for path in outputs:
        assert re.search(rf"  {re.escape(path)} +(\w+(?:\.dir)?) +\1 +same\n", done.stdout), path
    assert "all 24 outputs are reproduced byte for byte" in done.stdout
    for said in (
        "platform",
        "Python 3.11",
        "xgboost 3.2.0",
        copy_of_made.run("git", "rev-parse", "HEAD").stdout.strip(),
    ):
        assert said in done.stdout
    assert "receipt" not in done.stdout
    assert snapshot(copy_of_made) == before


def test_a_tampered_lock_is_found_out(copy_of_made) -> None:
    path = copy_of_made.root / "dvc.lock"
    md5 = next(o["md5"] for o in copy_of_made.lock()["train_model"]["outs"] if o["path"] == "models/bundle/model.ubj")
    path.write_text(path.read_text().replace(md5, "d" * 32))
    copy_of_made.commit("pretend")
    done = copy_of_made.run("flight-delay", "verify", code=1)
    assert re.search(rf"models/bundle/model.ubj +{'d' * 32} +{md5} +DIFFERENT", done.stdout)
    assert "1 of 24 outputs are different: models/bundle/model.ubj" in done.stdout


def test_a_line_changed_after_the_pipeline_ran_is_found_out(copy_of_made) -> None:
    path = copy_of_made.root / "src/flight_delay/stages/fetch_raw.py"
    assert path.read_text().count("**origin,") == 1
    path.write_text(path.read_text().replace("**origin,", '**origin, "licence": "other",'))
    copy_of_made.commit("change a line")
    done = copy_of_made.run("flight-delay", "verify", code=1)
    assert re.search(r"fetch_raw +data/raw/manifest.json +\w+ +\w+ +DIFFERENT", done.stdout)
    assert "dvc.lock does not fit the commit: fetch_raw: src/flight_delay/stages/fetch_raw.py" in done.stdout
    assert copy_of_made.run("git", "status", "--porcelain").stdout == ""


def test_what_cannot_be_checked_is_said_in_one_line(made) -> None:
    done = made.run("flight-delay", "verify", "no-such-branch", code=2)
    assert done.stdout == ""
    assert done.stderr.splitlines() == [
        "flight-delay verify: error: there is no commit 'no-such-branch' here; "
        "`git log --oneline` lists them, `git fetch` brings more"
    ]


def test_outside_of_a_repository_the_error_is_one_line(made, tmp_path) -> None:
    done = subprocess.run(
        ["flight-delay", "verify"], cwd=tmp_path, env=made.environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1
