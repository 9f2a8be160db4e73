"""`flight-delay compare`: a commit and an experiment of a real pipeline, read from git and the DVC cache, without a change."""

from __future__ import annotations

import re

NUMBER, SIGNED = r"−?\d+\.\d+", r"[+−]\d+\.\d+"


def test_an_experiment_is_compared_with_the_commit_that_it_came_from(copy_of_made) -> None:
    copy_of_made.run("dvc", "exp", "run", "--name", "shallow", "--set-param", "train_model.max_depth=2", "evaluate")
    copy_of_made.run("git", "restore", ".")
    copy_of_made.run("dvc", "checkout")
    before = copy_of_made.state()
    done = copy_of_made.run("flight-delay", "compare", "HEAD", "shallow")
    page = done.stdout.splitlines()
    experiment = ("for-each-ref", "--format=%(objectname)", "refs/exps/*/*/shallow")
    commits = [copy_of_made.run("git", *of).stdout[:10] for of in (("rev-parse", "HEAD"), experiment)]
    assert re.match(r"## (B is (better|worse)|No difference)", page[0])
    assert page[2] == f"A is `HEAD` ({commits[0]}), B is `shallow` ({commits[1]})."
    assert page[4].startswith("- **Backtest**, which judges: ")
    assert page[5].startswith("- **Test**, which may take a")
    assert "| `train_model.max_depth` | `3` | `2` |" in page
    assert "- Code and other inputs: the same." in page
    assert "- Data: raw files the same, features the same (`data/processed`)." in page
    assert "Careful" not in done.stdout
    assert len(page) <= 70
    # Two months of the backtest, one of the test.
    assert re.findall(r" of (\d+) days;", done.stdout) == ["61", "31"]
    rows = re.findall(
        rf"^\| ROC AUC \| {NUMBER} \| {NUMBER} \| ({SIGNED}) \| {SIGNED} to {SIGNED} \|", done.stdout, re.MULTILINE
    )
    assert len(rows) == 2
    assert (
        len(re.findall(r"^\| 2013-05-\d\d \| \w\w \d+ \| \w{3}–\w{3} \| \d\d:\d\d \|", done.stdout, re.MULTILINE)) == 10
    )
    assert "reading shallow" in done.stderr
    assert copy_of_made.run("flight-delay", "compare", "HEAD", "shallow").stdout == done.stdout
    # The other way round differences change their sign; HEAD is what is meant where nothing else is named.
    turned = copy_of_made.run("flight-delay", "compare", "shallow").stdout
    assert "| `train_model.max_depth` | `2` | `3` |" in turned
    opposite = [row.translate(str.maketrans("+−", "−+")) for row in rows]
    assert re.findall(rf"^\| ROC AUC \| {NUMBER} \| {NUMBER} \| ({SIGNED}) ", turned, re.MULTILINE) == opposite
    assert copy_of_made.state() == before
