"""`flight-delay compare`: a commit of a real pipeline, read from git and the DVC cache (an experiment: tests/slow)."""

from __future__ import annotations


def test_a_commit_beside_itself_is_the_same_model(made) -> None:
    page = made.command("compare", "HEAD").stdout
    assert "same model" in page.splitlines()[0]
    assert "- Parameters: the same." in page


def test_what_cannot_be_compared_is_said_in_one_line(made) -> None:
    done = made.command("compare", "no-such-branch", code=2)
    assert done.stdout == ""
    assert len(done.stderr.splitlines()) == 1
    first = made.run("git", "rev-list", "--max-parents=0", "HEAD").stdout.strip()
    done = made.command("compare", first, code=2)
    assert done.stdout == ""
    assert "dvc.lock of commit" in done.stderr.splitlines()[-1]
