"""Stage: turn raw files of any source into the canonical table of flights, a file per month, and count what became of them."""

from pathlib import Path

from flight_delay.core import files, months
from flight_delay.core.runner import progress, run_stage
from flight_delay.data.canonical import COUNTS, count_flights
from flight_delay.data.sources import nycflights13 as source

RAW = Path("data/raw")
INTERIM = Path("data/interim/flights")
REPORT = Path("reports/data")


def main() -> int:
    zones = source.time_zones(files.read_table(RAW / "tables/airports.parquet", source.RAW_AIRPORTS))
    counts = {}
    with files.whole_folder(INTERIM) as interim:
        for month in progress(months.months_in(RAW / "flights"), "month"):
            path = months.month_path(RAW / "flights", month)
            flights = source.canonical_flights(files.read_table(path, source.RAW_FLIGHTS), zones, str(path))
            files.write_table(months.month_path(interim, month), flights)
            counts[month] = count_flights(flights.to_pandas())

    total = {name: sum(of_month[name] for of_month in counts.values()) for name in COUNTS}
    with files.whole_folder(REPORT) as report:
        rows = [[month, *of_month.values()] for month, of_month in counts.items()]
        files.write_csv(report / "flights_by_month.csv", ["month", *COUNTS], rows)
        files.write_json(report / "flights.json", total)
    return total["scheduled"]


if __name__ == "__main__":
    run_stage("make_dataset", main)
