"""Stage: convert raw files to canonical flights; quarantine contract violations."""

from typing import Annotated

import pandas as pd
import pyarrow as pa
from pydantic import Field

from flight_delay.core import files, months, params, paths
from flight_delay.core.engine import map_months
from flight_delay.core.runner import log, run_stage
from flight_delay.data.canonical import COUNTS, count_flights, read_flights, read_raw
from flight_delay.data.contract import QUARANTINE, Gated, gate, quarantined
from flight_delay.data.dictionary import Layout, load_dictionary
from flight_delay.data.quality_report import Tally
from flight_delay.data.sources.nycflights13 import RAW_AIRPORTS, time_zones
from flight_delay.data.weather import read_observations


class MakeDataset(params.Parameters):
    """How many flights may break the contract before the stage stops."""

    max_quarantined_share: Annotated[float, Field(ge=0, le=1)]


def main() -> int:
    p = params.load("make_dataset", MakeDataset)
    dictionary = load_dictionary()
    zones = time_zones(files.read_table(paths.RAW / "tables/airports.parquet", RAW_AIRPORTS))

    def read(month: str) -> tuple[Layout, pd.DataFrame, Gated]:
        path = months.month_path(paths.RAW / "flights", month)
        layout, raw = read_raw(path, dictionary)
        return layout, raw, gate(read_flights(raw, layout, dictionary, zones), dictionary)

    counts, tally, quarantine = {}, Tally(), paths.INTERIM / "quarantine"
    with files.whole_folder(paths.FLIGHTS) as flights, files.whole_folder(quarantine) as aside:
        for month, (layout, raw, gated) in map_months(read, months.months_in(paths.RAW / "flights")):
            files.write_table(months.month_path(flights, month), gated.flights)
            set_aside = quarantined(raw, gated.reasons)
            files.write_table(months.month_path(aside, month), pa.Table.from_pylist(set_aside, schema=QUARANTINE))
            tally.add(month, layout, gated, set_aside)
            counts[month] = count_flights(gated.flights.to_pandas())
        tally.refuse_above(p.max_quarantined_share)
    files.write_table(paths.WEATHER, read_observations(paths.RAW / "tables/weather.parquet"))
    with files.whole_folder(paths.report("data")) as folder:
        rows = [[month, *of_month.values()] for month, of_month in counts.items()]
        files.write_csv(folder / "flights_by_month.csv", ["month", *COUNTS], rows)
        total = {name: sum(of_month[name] for of_month in counts.values()) for name in COUNTS}
        files.write_json(folder / "flights.json", total)
        files.write_json(folder / "quality.json", tally.details(dictionary))
    files.write_json(paths.QUALITY, tally.metrics())
    for remark in tally.remarks():
        log.info("  %s", remark)
    return tally.rows


if __name__ == "__main__":
    run_stage("make_dataset", main)
