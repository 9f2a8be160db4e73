"""The outcome of verifying a commit as text and as JSON."""

from __future__ import annotations

import json
from typing import Any

from flight_delay.review.environment import PACKAGES
from flight_delay.review.verification.verify import OutputCheck, Verification

NOT_AVAILABLE = (
    "differences unknown: the committed bytes are neither in the DVC cache nor in a remote; `dvc push` sends them there"
)
# DVC keeps what is no longer declared (treeverse/dvc#5369, #9818).
STALE_LOCK = (
    "dvc.lock is out of date: run `dvc repro` and commit it; remove it before if it has what is no longer declared"
)


def summarize_verification(verified: Verification) -> str:
    """Return the verdict in one sentence."""
    if not verified.is_stored_model_committed and verified.stored_model:
        return f"{verified.stored_model.uri} is not the model of its commit: {_summarize_outputs(verified)}"
    return _summarize_outputs(verified)


def _summarize_outputs(verified: Verification) -> str:
    if not verified.outputs:
        return STALE_LOCK if verified.stale else "dvc.lock fits the commit"
    different = [output for output in verified.outputs if not output.is_same]
    if different:
        mattering = [output.path for output in different if output.matters]
        scope = (
            f"{len(mattering)} beyond the tolerance or unknown: {', '.join(mattering)}"
            if mattering
            else f"none beyond the tolerance (metrics and probabilities within {verified.tolerance:g})"
        )
        return f"{len(different)} of {len(verified.outputs)} outputs differ, {scope}"
    if verified.stale:
        return f"every output is the same, but {STALE_LOCK}"
    return f"all {len(verified.outputs)} outputs are reproduced byte for byte"


def verification_table(verified: Verification) -> str:
    """Format platform, packages, outputs, differences and verdict."""
    lines = [f"commit    {verified.commit}"]
    if environment := verified.environment:
        versions = ", ".join(f"{name} {environment.versions.get(name, 'missing')}" for name in PACKAGES)
        lines += [
            f"platform  {environment.platform}, {environment.cpus} CPUs, Python {environment.python}",
            f"packages  {versions} ({'' if environment.is_fresh else 'not '}installed from the commit's own lock)",
        ]
    if verified.outputs:
        width = max(len(output.path) for output in verified.outputs)
        stage_width = max(len(output.stage) for output in verified.outputs)
        lines += ["", f"{'stage':{stage_width}}  {'output':{width}}  {'md5 in dvc.lock':36}  {'md5 now':36}"]
        for output in verified.outputs:
            outcome = "same" if output.is_same else "DIFFERENT"
            md5s = f"{output.recorded or '-':36}  {output.reproduced or '-':36}"
            lines.append(f"{output.stage:{stage_width}}  {output.path:{width}}  {md5s}  {outcome}")
        lines += ["", *_describe_differences(verified)]
    lines += [f"dvc.lock does not fit the commit: {entry}" for entry in verified.stale]
    lines += [f"not the commit's requirements: {entry}" for entry in verified.version_mismatches]
    if stored := verified.stored_model:
        outcome = "same" if verified.is_stored_model_committed else "DIFFERENT"
        lines.append(
            f"model     md5 {stored.md5} in MLflow ({stored.uri}), {verified.committed_model} in dvc.lock: {outcome}"
        )
    return "\n".join([*lines, summarize_verification(verified)])


def _describe_differences(verified: Verification) -> list[str]:
    """Return a line for each file that differs, and an empty line after them."""
    lines = []
    for output in verified.outputs:
        if output.differences is None:
            lines.append(f"{output.path}: {NOT_AVAILABLE}")
        lines += [f"{part.file}: {part.summary}" for part in output.differences or ()]
    return [*lines, ""] if lines else []


def verification_json(verified: Verification) -> str:
    """Serialize the outcome."""
    return json.dumps(
        {
            "commit": verified.commit,
            "same": verified.is_same,
            "verdict": summarize_verification(verified),
            "stale": verified.stale,
            "environment": verified.environment._asdict() if verified.environment else None,
            "deviations": verified.version_mismatches,
            "tolerance": {"metric": verified.tolerance, "probability": verified.tolerance},
            "committed_model": verified.committed_model,
            "stored_model": verified.stored_model._asdict() if verified.stored_model else None,
            "outputs": [_output_record(output) for output in verified.outputs],
        },
        indent=2,
    )


def _output_record(output: OutputCheck) -> dict[str, Any]:
    return {
        "stage": output.stage,
        "output": output.path,
        "md5_in_lock": output.recorded,
        "md5_now": output.reproduced,
        "same": output.is_same,
        "matters": output.matters,
        "differences": None if output.differences is None else [part._asdict() for part in output.differences],
    }
