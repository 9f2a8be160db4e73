"""What verifying found, for people (a table and a sentence) and for programs (JSON)."""

from __future__ import annotations

import json
from typing import Any

from flight_delay.review.environment import PACKAGES
from flight_delay.review.verification.verify import OutputCheck, Verification

FETCH = "how it differs cannot be said: its committed bytes are not here (`dvc fetch` brings them from a remote)"


def summarize_verification(verified: Verification) -> str:
    """One sentence: what a reviewer has to know."""
    if verified.stored_model and not verified.is_stored_model_committed:
        return f"{verified.stored_model.uri} is not the model of its commit: {_outcome(verified)}"
    return _outcome(verified)


def _outcome(verified: Verification) -> str:
    if not verified.outputs:
        return (
            "dvc.lock is out of date: run `dvc repro` and commit it" if verified.stale else "dvc.lock fits the commit"
        )
    different = [of for of in verified.outputs if not of.same]
    if different:
        mattering = [of.output for of in different if of.matters]
        said = f"{len(different)} of {len(verified.outputs)} outputs are different, "
        within = f"metrics and probabilities within {verified.tolerance.metric:g}"
        return said + (
            f"{len(mattering)} in a way that may matter: {', '.join(mattering)}"
            if mattering
            else f"none in a way that matters ({within})"
        )
    if verified.stale:
        return "every output is the same, but dvc.lock is out of date: run `dvc repro` and commit it"
    return f"all {len(verified.outputs)} outputs are reproduced byte for byte"


def verification_table(verified: Verification) -> str:
    """The outcome in words: platform, packages, an output per line with how it differs, and a verdict."""
    lines = [f"commit    {verified.commit}"]
    if has := verified.environment:
        versions = ", ".join(f"{name} {has.versions.get(name, 'missing')}" for name in PACKAGES)
        lines += [
            f"platform  {has.platform}, {has.cpus} CPUs, Python {has.python}",
            f"packages  {versions} ({'made' if has.fresh else 'not made'} from the commit's own lock)",
        ]
    if verified.outputs:
        width = max(len(of.output) for of in verified.outputs)
        stage_width = max(len(of.stage) for of in verified.outputs)
        lines += ["", f"{'stage':{stage_width}}  {'output':{width}}  {'md5 in dvc.lock':36}  {'md5 now':36}"]
        for of in verified.outputs:
            lines.append(
                f"{of.stage:{stage_width}}  {of.output:{width}}  {of.then or '-':36}  {of.now or '-':36}  "
                f"{'same' if of.same else 'DIFFERENT'}"
            )
    lines += _how(verified)
    lines += [f"dvc.lock does not fit the commit: {entry}" for entry in verified.stale]
    lines += [f"not the commit's requirements: {entry}" for entry in verified.version_mismatches]
    if kept := verified.stored_model:
        word = "same" if verified.is_stored_model_committed else "DIFFERENT"
        lines.append(f"model     md5 {kept.md5} in MLflow ({kept.uri}), {verified.committed_model} in dvc.lock: {word}")
    return "\n".join([*lines, summarize_verification(verified)])


def _how(verified: Verification) -> list[str]:
    """How outputs differ, a line for each file; lines between empty ones."""
    lines = [""] if verified.outputs else []
    for of in verified.outputs:
        if of.differences is None:
            lines.append(f"{of.output}: {FETCH}")
        lines += [f"{part.file}: {part.summary}" for part in of.differences or ()]
    return [*lines, ""] if len(lines) > 1 else lines


def verification_json(verified: Verification) -> str:
    """The outcome for programs."""
    return json.dumps(
        {
            "commit": verified.commit,
            "same": verified.same,
            "verdict": summarize_verification(verified),
            "stale": verified.stale,
            "surroundings": verified.environment._asdict() if verified.environment else None,
            "deviations": verified.version_mismatches,
            "tolerance": verified.tolerance._asdict(),
            "committed_model": verified.committed_model,
            "kept": verified.stored_model._asdict() if verified.stored_model else None,
            "outputs": [_output(of) for of in verified.outputs],
        },
        indent=2,
    )


def _output(of: OutputCheck) -> dict[str, Any]:
    found = None if of.differences is None else [part._asdict() for part in of.differences]
    return {
        "stage": of.stage,
        "output": of.output,
        "md5_in_lock": of.then,
        "md5_now": of.now,
        "same": of.same,
        "matters": of.matters,
        "differences": found,
    }
