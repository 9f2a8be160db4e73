"""Stage: convert raw files to canonical flights; quarantine invalid rows."""

from typing import Annotated

import pandas as pd
import pyarrow as pa
from pydantic import Field

from flight_delay.core import files, months, params, paths
from flight_delay.core.engine import map_months
from flight_delay.core.runner import log, run_stage
from flight_delay.data.airports import RAW_AIRPORTS, time_zones
from flight_delay.data.canonical import COUNTS, count_flights, parse_flights, read_raw
from flight_delay.data.contract import QUARANTINE, QualityResult, apply_contract, quarantine_rows
from flight_delay.data.dictionary import load_dictionary
from flight_delay.data.dictionary_entries import Layout
from flight_delay.data.quality_report import QualityReport
from flight_delay.data.weather import read_observations


class MakeDataset(params.Parameters):
    """Share of flights that may break the contract; above it the stage fails."""

    max_quarantined_share: Annotated[float, Field(ge=0, le=1)]


def main() -> int:
    p = params.load_params("make_dataset", MakeDataset)
    dictionary = load_dictionary()
    zones = time_zones(files.read_table(paths.RAW / "tables/airports.parquet", RAW_AIRPORTS))

    def read(month: str) -> tuple[Layout, pd.DataFrame, QualityResult]:
        layout, raw = read_raw(months.month_path(paths.RAW / "flights", month), dictionary)
        return layout, raw, apply_contract(parse_flights(raw, layout, dictionary, zones), dictionary)

    counts, report = {}, QualityReport(zones)
    with files.atomic_directory(paths.CANONICAL) as flights, files.atomic_directory(paths.QUARANTINE) as quarantine:
        for month, (layout, raw, result) in map_months(read, months.list_months(paths.RAW / "flights")):
            files.write_table(months.month_path(flights, month), result.flights)
            quarantined = quarantine_rows(raw, result.reasons)
            rejected = pa.Table.from_pylist(quarantined, schema=QUARANTINE)
            files.write_table(months.month_path(quarantine, month), rejected)
            report.add_month(month, layout, result, quarantined)
            counts[month] = count_flights(result.flights.to_pandas())
        report.raise_if_share_exceeds(p.max_quarantined_share)
    files.write_table(paths.WEATHER, read_observations(paths.RAW / "tables/weather.parquet"))
    with files.atomic_directory(paths.report("data")) as folder:
        rows = [[month, *month_counts.values()] for month, month_counts in counts.items()]
        files.write_csv(folder / "flights_by_month.csv", ["month", *COUNTS], rows)
        total = {name: sum(month_counts[name] for month_counts in counts.values()) for name in COUNTS}
        files.write_json(folder / "flights.json", total)
        files.write_json(folder / "quality.json", report.details(dictionary))
    files.write_json(paths.QUALITY, report.metrics())
    for remark in report.remarks():
        log.info("  %s", remark)
    return report.rows


if __name__ == "__main__":
    run_stage("make_dataset", main)
