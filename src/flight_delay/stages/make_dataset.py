"""Stage: turn raw files of any source into the canonical table of flights, a file per month. What breaks the contract of
the data dictionary is set aside with its reasons."""

from pathlib import Path
from typing import Annotated

import pyarrow as pa
from pydantic import Field

from flight_delay.core import files, months, params
from flight_delay.core.runner import log, progress, run_stage
from flight_delay.data.canonical import COUNTS, count_flights, read_flights
from flight_delay.data.dictionary import load_dictionary
from flight_delay.data.quality import QUARANTINE, gate, quarantined
from flight_delay.data.sources.nycflights13 import RAW_AIRPORTS, time_zones
from flight_delay.data.tally import Tally
from flight_delay.data.weather import OBSERVATIONS, RAW_COLUMNS, observations

RAW = Path("data/raw")
INTERIM = Path("data/interim")
REPORT = Path("reports/data")
QUALITY = Path("reports/quality.json")


class MakeDataset(params.Parameters):
    """How many flights may break the contract before the stage stops."""

    max_quarantined_share: Annotated[float, Field(ge=0, le=1)]


def main() -> int:
    p = params.load("make_dataset", MakeDataset)
    dictionary = load_dictionary()
    zones = time_zones(files.read_table(RAW / "tables/airports.parquet", RAW_AIRPORTS))
    counts, tally = {}, Tally()
    with files.whole_folder(INTERIM / "flights") as flights, files.whole_folder(INTERIM / "quarantine") as aside:
        for month in progress(months.months_in(RAW / "flights"), "month"):
            path = months.month_path(RAW / "flights", month)
            present = files.column_names(path)
            layout = dictionary.layout_of(present, str(path))
            wanted = {name for names in dictionary.source_columns(layout).values() for name in names}
            raw = files.read_table(path, columns=[name for name in present if name in wanted]).to_pandas()
            gated = gate(read_flights(raw, layout, dictionary, zones), dictionary)
            files.write_table(months.month_path(flights, month), gated.flights)
            set_aside = quarantined(raw, gated.reasons)
            files.write_table(months.month_path(aside, month), pa.Table.from_pylist(set_aside, schema=QUARANTINE))
            tally.add(month, layout, gated, set_aside)
            counts[month] = count_flights(gated.flights.to_pandas())
        tally.refuse_above(p.max_quarantined_share)

    weather = RAW / "tables/weather.parquet"
    observed = (
        observations(files.read_table(weather, columns=RAW_COLUMNS)) if weather.exists() else OBSERVATIONS.empty_table()
    )
    files.write_table(INTERIM / "weather.parquet", observed)
    with files.whole_folder(REPORT) as report:
        rows = [[month, *of_month.values()] for month, of_month in counts.items()]
        files.write_csv(report / "flights_by_month.csv", ["month", *COUNTS], rows)
        total = {name: sum(of_month[name] for of_month in counts.values()) for name in COUNTS}
        files.write_json(report / "flights.json", total)
        files.write_json(report / "quality.json", tally.details(dictionary))
    files.write_json(QUALITY, tally.metrics())
    for remark in tally.remarks():
        log.info("  %s", remark)
    return tally.rows


if __name__ == "__main__":
    run_stage("make_dataset", main)
