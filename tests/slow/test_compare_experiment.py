"""`flight-delay compare`: a commit and an experiment of a real pipeline, read from git and the DVC cache, without a change."""

from __future__ import annotations

import re

NUMBER, SIGNED = r"−?\d+\.\d+", r"[+−]\d+\.\d+"


def test_an_experiment_is_compared_with_the_commit_that_it_came_from(copy_of_made) -> None:
    copy_of_made.dvc("exp", "run", "--name", "shallow", "--set-param", "train_model.max_depth=2", "evaluate")
    copy_of_made.run("git", "restore", ".")
    copy_of_made.dvc("checkout")
    before = copy_of_made.state()
    done = copy_of_made.run("flight-delay", "compare", "HEAD", "shallow")
    page = done.stdout.splitlines()
    experiment = ("for-each-ref", "--format=%(objectname)", "refs/exps/*/*/shallow")
    commits = [copy_of_made.run("git", *of).stdout[:10] for of in (("rev-parse", "HEAD"), experiment)]
    assert re.match(r"## (B is (better|worse)|No difference)", page[0])
    sides = re.findall(r"([AB]) is `(\w+)` \((\w+)\)", page[2])
    assert sides == [("A", "HEAD", commits[0]), ("B", "shallow", commits[1])]
    assert page[4].startswith("- **Backtest**, which judges: ")
    assert page[5].startswith("- **Test**, which may take")
    assert "| `train_model.max_depth` | `3` | `2` |" in page
    (code,) = (line for line in page if line.startswith("- Code and other inputs: "))
    assert code.endswith("inputs: the same.")
    (data,) = (line for line in page if line.startswith("- Data: "))
    assert "raw files the same, " in data
    assert data.endswith("features the same (`data/processed`).")
    assert "Careful" not in done.stdout
    assert len(page) <= 70
    # Two months of the backtest, one of the test.
    assert re.findall(r" of (\d+) days;", done.stdout) == ["61", "31"]
    rows = re.findall(
        rf"^\| ROC AUC \| {NUMBER} \| {NUMBER} \| ({SIGNED}) \| {SIGNED} to {SIGNED} \|", done.stdout, re.MULTILINE
    )
    assert len(rows) == 2
    flight = r"^\| 2013-05-\d\d \| \w\w \d+ \| \w{3}–\w{3} \| \d\d:\d\d \|"
    assert len(re.findall(flight, done.stdout, re.MULTILINE)) == 10
    assert "reading shallow" in done.stderr
    assert copy_of_made.run("flight-delay", "compare", "HEAD", "shallow").stdout == done.stdout
    # The other way round differences change their sign; HEAD is what is meant where nothing else is named.
    turned = copy_of_made.run("flight-delay", "compare", "shallow").stdout
    assert "| `train_model.max_depth` | `2` | `3` |" in turned
    opposite = [row.translate(str.maketrans("+−", "−+")) for row in rows]
    assert re.findall(rf"^\| ROC AUC \| {NUMBER} \| {NUMBER} \| ({SIGNED}) ", turned, re.MULTILINE) == opposite
    assert copy_of_made.state() == before
