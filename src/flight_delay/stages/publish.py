"""Stage: publish the outputs of the other stages as one MLflow run.

The receipt is the same for the same pipeline and is not tracked by git, so that DVC runs this stage when something
changed and in a fresh clone, and only then."""

from pathlib import Path

from flight_delay.core import files, months, params, paths
from flight_delay.core.runner import clear_timings, log, run_stage
from flight_delay.tracking.run_content import collect_run_content
from flight_delay.tracking.run_source import RunSource
from flight_delay.tracking.settings import Publish, apply_settings
from flight_delay.vcs.git import find_commit_of_lock
from flight_delay.vcs.lock import read_lock


def main() -> int:
    p = params.load_params("publish", Publish)
    apply_settings()
    from flight_delay.tracking.publish import publish  # after apply_settings: mlflow reads its settings on import

    content = collect_run_content(
        Path(), read_lock(), params.load_params("splits", months.Splits), RunSource.of_workspace()
    )
    run_id, added = publish(content, p.experiment, find_commit_of_lock(content.digest))
    log.info("%s run %s (%s)", "added" if added else "already there: ", run_id, content.name)
    clear_timings()
    files.write_json(paths.RECEIPT, {"pipeline_digest": content.digest})
    return 1


if __name__ == "__main__":
    run_stage("publish", main)
