"""Command: download months of the BTS, and record them in DVC."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from flight_delay.download.months import Outcome


def add_arguments(commands: Any) -> None:
    """Declare the command."""
    parser = commands.add_parser(
        "download",
        help="download months of flights from the BTS",
        description="Download monthly files of the Bureau of Transportation Statistics into data/external/, one at a "
        "time. A file is accepted if it is a whole zip with flights of its month only. DVC records it as `dvc "
        "import-url` does: data/external/*.dvc have URL, ETag and MD5, belong into git, and let `dvc update` download "
        "what the BTS has corrected since. Months that are recorded are not requested again: after an error, Ctrl-C or "
        "a kill the same command continues. A file without a .dvc file is yours, and is kept as it is. URL, waits and "
        "attempts are in the section `download` of params.yaml.",
        epilog="examples: `flight-delay download --from 2024-01 --through 2024-12`, then `git add "
        "data/external`, then a new `fetch_raw` and `splits` in params.yaml (docs/bts.md) and `dvc repro`; later "
        "`dvc update data/external/On_Time_*.dvc`; exit codes: 0 all months are there, 1 the BTS does not have some, 2 "
        "error, earlier months stay, 130 interrupted",
    )
    parser.add_argument("--from", dest="first", required=True, metavar="MONTH", help="first month, as 2024-01")
    parser.add_argument("--through", dest="last", required=True, metavar="MONTH", help="last month, included")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Download, and print what is there, what is missing and what to do next."""
    from flight_delay.core import params, paths
    from flight_delay.data.dictionary import load_dictionary
    from flight_delay.download.months import current_month, download_months, parse_months
    from flight_delay.download.transfer import Download

    months = parse_months(arguments.first, arguments.last, current_month())
    settings = params.load_params("download", Download)
    outcome = download_months(months, paths.EXTERNAL, load_dictionary().required_columns["bts_current"], settings)
    print(summary(outcome))
    return 1 if outcome.missing else 0


def summary(outcome: Outcome) -> str:
    """Describe what is there, what is missing and what to do next."""
    count = len(outcome.downloaded)
    lines = [f"{count} month{'s' * (count != 1)} downloaded, {len(outcome.recorded)} recorded before"]
    lines += [
        f"{name}: kept, it has no .dvc file; `dvc add` records it, or remove it to download it"
        for name in outcome.unrecorded
    ]
    if outcome.missing:
        lines.append(f"the server does not have {', '.join(outcome.missing)}")
    if outcome.downloaded:
        add = "`git add data/external`, then " if outcome.needs_git_add else ""
        lines.append(f"next: {add}edit `fetch_raw` and `splits` in params.yaml (docs/bts.md), then `dvc repro`")
    return "\n".join(lines)
