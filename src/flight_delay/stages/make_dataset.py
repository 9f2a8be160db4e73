"""Stage: convert raw files to canonical flights; quarantine invalid rows."""

from typing import Annotated

from pydantic import Field

from flight_delay.core import files, months, params, paths
from flight_delay.core.engine import map_months
from flight_delay.core.incremental import changed_months, code_version, monthly_folder
from flight_delay.core.runner import log, run_stage
from flight_delay.data.airports import RAW_AIRPORTS, time_zones
from flight_delay.data.canonical import COUNTS
from flight_delay.data.dictionary import load_dictionary
from flight_delay.data.month import convert_month
from flight_delay.data.quality_report import MonthQuality, QualityReport
from flight_delay.data.weather import read_observations


class MakeDataset(params.Parameters):
    """Share of flights that may break the contract; above it the stage fails."""

    max_quarantined_share: Annotated[float, Field(ge=0, le=1)]


def main() -> int:
    p = params.load_params("make_dataset", MakeDataset)
    dictionary, airports = load_dictionary(), paths.RAW / "tables/airports.parquet"
    zones, code = time_zones(files.read_table(airports, RAW_AIRPORTS)), code_version("make_dataset")
    raw = months.month_paths(paths.RAW / "flights", months.list_months(paths.RAW / "flights"))
    inputs = {month: [files.sha256(path), files.sha256(airports)] for month, path in raw.items()}

    with monthly_folder(paths.CANONICAL, code) as flights, monthly_folder(paths.QUARANTINE, code) as quarantine:
        arguments = {month: (raw[month], dictionary, zones) for month in changed_months([flights, quarantine], inputs)}
        for month, converted in map_months(convert_month, arguments):
            quality = converted.quality.model_dump()
            flights.write(month, inputs[month], converted.flights, {"quality": quality, "counts": converted.counts})
            quarantine.write(month, inputs[month], converted.quarantine)
        results = {month: written.result for month, written in flights.months.items()}
        counts = {month: MonthQuality.model_validate(result["quality"]) for month, result in results.items()}
        report = QualityReport(counts, zones)
        report.raise_if_share_exceeds(p.max_quarantined_share)
    files.write_table(paths.WEATHER, read_observations(paths.RAW / "tables/weather.parquet"))
    with files.atomic_directory(paths.report("data")) as folder:
        rows = [[month, *result["counts"].values()] for month, result in results.items()]
        files.write_csv(folder / "flights_by_month.csv", ["month", *COUNTS], rows)
        total = {name: sum(result["counts"][name] for result in results.values()) for name in COUNTS}
        files.write_json(folder / "flights.json", total)
        files.write_json(folder / "quality.json", report.details(dictionary))
    files.write_json(paths.QUALITY, report.metrics())
    for remark in report.remarks():
        log.info("  %s", remark)
    return report.rows


if __name__ == "__main__":
    run_stage("make_dataset", main)
