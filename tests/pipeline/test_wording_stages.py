"""Exact wording of what stages say, as far as it needs a pipeline that has run."""

from __future__ import annotations

import json


def test_explanations_of_another_model(checkout) -> None:
    path = checkout.root / "models/bundle/manifest.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "model_sha256": "0" * 64}))
    assert checkout.stage_here("report", code=2).stderr.splitlines()[-1] == (
        "report: error: reports/interpret: explains another model than models/bundle/manifest.json; run "
        "`dvc repro --force`"
    )
