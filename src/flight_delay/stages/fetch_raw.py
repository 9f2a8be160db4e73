"""Stage: take the source's own rows and columns into data/raw/, as immutable monthly files with a manifest."""

from pathlib import Path
from typing import Literal

from flight_delay.core import files, months, params
from flight_delay.core.errors import UserError
from flight_delay.core.runner import progress, run_stage
from flight_delay.data.sources import nycflights13 as source

RAW = Path("data/raw")


class FetchRaw(params.Parameters):
    """Which data, in which version, up to which month."""

    source: Literal["nycflights13"]
    version: str
    through: months.Month


def main() -> int:
    p = params.load("fetch_raw", FetchRaw)
    folder = source.package_folder(p.version)
    by_month = dict(source.read_flights_by_month(folder))
    if p.through not in by_month:
        raise UserError(
            f"params.yaml: fetch_raw.through is {p.through}, {p.source} has {min(by_month)} … {max(by_month)}; choose one of them"
        )

    written: dict[str, int] = {}
    with files.whole_folder(RAW / "flights") as flights, files.whole_folder(RAW / "tables") as tables:
        for month in progress([month for month in by_month if month <= p.through], "month"):
            files.write_table(months.month_path(flights, month), by_month[month])
            written[f"flights/{month}.parquet"] = by_month[month].num_rows
        for name, table in source.read_tables(folder).items():
            files.write_table(tables / f"{name}.parquet", table)
            written[f"tables/{name}.parquet"] = table.num_rows

    files.write_json(
        RAW / "manifest.json",
        {
            "source": p.source,
            "version": p.version,
            "licence": source.LICENCE,
            "homepage": source.HOMEPAGE,
            "files": {name: {"rows": rows, "sha256": files.sha256(RAW / name)} for name, rows in written.items()},
        },
    )
    return sum(written.values())


if __name__ == "__main__":
    run_stage("fetch_raw", main)
