"""What an answer of the service costs, beside one-row XGBoost, and beside `mlflow models serve` on the same flights.

    python benchmarks/serving_cost.py

needs a state (`flight-delay state --as-of 2013-11-30`) and a published model (`dvc repro`). Medians of CPU microseconds
of the server process per request, from /proc; P is one-thread, one-row `inplace_predict`. Servers run one at a time,
clients in another process; with `--skip-mlflow` only ours. Bytes of storage are those of requests for one flight, in a
PostgreSQL, which must be installed."""

from __future__ import annotations

import argparse
import asyncio
import datetime
import json
import os
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

os.environ["OMP_NUM_THREADS"] = "1"
STATES = Path("service/states")
TICKS = os.sysconf("SC_CLK_TCK")


class Server(NamedTuple):
    """A running server: process, port, and seconds until it answered."""

    process: subprocess.Popen[bytes]
    port: int
    start_seconds: float

    def cpu_seconds(self) -> float:
        """CPU seconds of the process and its children so far."""
        return sum(_cpu(pid) for pid in _family(self.process.pid))

    def memory_mib(self) -> float:
        """Largest resident memory of a process."""
        return max(_rss(pid) for pid in _family(self.process.pid))


def _family(pid: int) -> list[int]:
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [pid, *(other for child in children for other in _family(int(child)))]


def _cpu(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def _rss(pid: int) -> float:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmRSS"))


@contextmanager
def started(command: list[str], path: str) -> Iterator[Server]:
    """Start a server on a free port, and stop it at the end."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    begin = time.perf_counter()
    with subprocess.Popen([*command, "--port", str(port)], stdout=subprocess.DEVNULL) as process:
        try:
            while True:
                try:
                    status = asyncio.run(request_once(port, f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode()))
                    if status == 200:
                        break
                except OSError:
                    time.sleep(0.02)
                if process.poll() is not None or time.perf_counter() - begin > 120:
                    sys.exit(f"{command[0]} did not start")
            yield Server(process, port, time.perf_counter() - begin)
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(60)


async def read_response(reader: asyncio.StreamReader) -> int:
    """Read a response and return its status."""
    head = await reader.readuntil(b"\r\n\r\n")
    length = next((int(line[15:]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")), 0)
    await reader.readexactly(length)
    return int(head.split(b" ", 2)[1])


async def request_once(port: int, message: bytes) -> int:
    """Send one request on its own connection."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(message)
    status = await read_response(reader)
    writer.close()
    return status


async def send_all(port: int, messages: list[bytes], connections: int) -> None:
    """Send requests over some connections, each waiting for its answers."""
    waiting = iter(messages)

    async def work() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for message in waiting:
            writer.write(message)
            if await read_response(reader) != 200:
                sys.exit("a request failed")
        writer.close()

    await asyncio.gather(*(work() for _ in range(connections)))


def post(path: str, body: Any) -> bytes:
    """Build a POST request."""
    content = json.dumps(body).encode()
    head = (
        f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: {len(content)}\r\n\r\n"
    )
    return head.encode() + content


def cost(server: Server, messages: list[bytes], connections: int, rounds: int = 5) -> float:
    """CPU microseconds of the server per request, the median of rounds."""
    asyncio.run(send_all(server.port, messages[: max(len(messages) // 5, 1)], connections))
    measured = []
    for _ in range(rounds):
        before = server.cpu_seconds()
        asyncio.run(send_all(server.port, messages, connections))
        measured.append(1e6 * (server.cpu_seconds() - before) / len(messages))
    return statistics.median(measured)


def postgres_cost(service: Path, messages: list[bytes]) -> tuple[float, str]:
    """CPU of a request that is stored in PostgreSQL, and bytes of storage."""
    from flight_delay.tracking.server.postgres import running_postgres

    shutil.rmtree(service / "requests")  # of the runs before
    with TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)  # root runs PostgreSQL as another user
        with running_postgres(Path(folder) / "postgres") as uri:
            url = uri.replace("postgresql://", "postgresql+psycopg2://", 1)
            os.environ["FLIGHT_DELAY_DATABASE"] = url
            with started(["flight-delay", "serve", "--service", str(service)], "/ready") as server:
                microseconds = cost(server, messages, 8)
            return microseconds, stored_bytes(url, service / "requests", Path(folder))


def stored_bytes(url: str, logs: Path, folder: Path) -> str:
    """Bytes of an answered request for one flight: in the database, in the archive and in the log."""
    import sqlalchemy as sa

    from flight_delay.serving.archive import archive

    engine = sa.create_engine(url)
    tables = "pg_total_relation_size('requests') + pg_total_relation_size('predictions')"
    with engine.connect() as connection:
        size, count = connection.execute(sa.text(f"SELECT {tables}, count(*) FROM predictions")).one()  # noqa: S608
    archive(engine, folder, datetime.datetime.now(datetime.UTC).date() + datetime.timedelta(40), None)
    engine.dispose()
    archived = sum(path.stat().st_size for path in folder.glob("predictions-*.parquet"))
    lines = [line for path in logs.iterdir() for line in path.read_bytes().splitlines() if b"/v1/predictions" in line]
    log = sum(map(len, lines)) / len(lines)
    return f"bytes: database {size / count:.0f}, archive {archived / count:.0f}, log {log:.0f} ({count:,} requests)"


def in_process(function: Callable[[], Any], calls: int = 300) -> float:
    """CPU microseconds of a call, the median of rounds."""
    measured = []
    for _ in range(7):
        begin = time.process_time()
        for _ in range(calls):
            function()
        measured.append(1e6 * (time.process_time() - begin) / calls)
    return statistics.median(measured)


def serve_variant(variant: str, port: int) -> None:
    """Serve without storing and counting ('table'), or computing flights of the timetable too ('computed')."""
    import uvicorn

    from flight_delay.serving import service
    from flight_delay.serving.answers import predict_flights
    from flight_delay.serving.api import predictions
    from flight_delay.serving.api.worker import create_app
    from flight_delay.serving.table import list_answers

    async def not_stored(*_: Any) -> None:
        return None

    async def computed(_: Any, table: Any, flights: Any) -> Any:
        rows = [table.position[flight.flight_id] for flight in flights]
        columns = {name: column[rows] for name, column in table.state.timetable.items()}
        answers = predict_flights(table.state.model, table.state.as_of, columns)
        return service.Result(list_answers(table.state, columns, answers), [])

    if variant == "table":
        service.Service.append = not_stored  # type: ignore[method-assign]
        predictions.count_answers = lambda _: None  # type: ignore[attr-defined]
    else:
        service.Service.predict = computed  # type: ignore[method-assign]
    uvicorn.run(create_app(), port=port, access_log=False, log_level="warning")


def main() -> None:
    """Measure, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--variant", choices=["table", "computed"], help=argparse.SUPPRESS)
    parser.add_argument("--port", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--requests", type=int, default=2000, help="per round (default: %(default)s)")
    parser.add_argument("--skip-mlflow", action="store_true")
    arguments = parser.parse_args()
    if arguments.variant:
        serve_variant(arguments.variant, arguments.port)
        return
    from flight_delay.model.encode import encode
    from flight_delay.serving.answers import predict_flights
    from flight_delay.serving.api.settings import Settings
    from flight_delay.serving.state import load_state
    from flight_delay.serving.states import read_current

    state_id = read_current(STATES)
    if state_id is None:
        sys.exit("no state; `flight-delay state --as-of 2013-11-30` first")
    state = load_state(STATES, state_id)
    bundle, flights = state.model.bundle, state.timetable
    one = {name: column[100:101] for name, column in flights.items()}
    matrix = encode(state.model.inputs.compute(one), bundle.manifest.features)
    p = in_process(lambda: bundle.booster.inplace_predict(matrix))
    rows = [
        ("P: one-row inplace_predict", p),
        ("computed without HTTP", in_process(lambda: predict_flights(state.model, state.as_of, one))),
    ]
    ids = flights["flight_id"][: arguments.requests].tolist()
    singles = [post("/v1/predictions", {"flights": [{"flight_id": flight_id}]}) for flight_id in ids]
    thousand = [post("/v1/predictions", {"flights": [{"flight_id": flight_id} for flight_id in ids[:1000]]})] * 20
    command = [sys.executable, __file__]
    with TemporaryDirectory() as folder:
        service = Path(folder) / "service"
        service.mkdir()
        (service / "states").symlink_to(STATES.resolve())
        database = f"sqlite:///{service / 'predictions.db'}"
        Settings(service=str(service), database=database, git_commit="benchmark").export()
        with started([*command, "--variant", "table"], "/ready") as server:
            rows.append(("table, HTTP, validation", cost(server, singles, 1)))
        with started([*command, "--variant", "computed"], "/ready") as server:
            rows.append(("computed, HTTP, stored", cost(server, singles, 1)))
        with started(["flight-delay", "serve", "--service", str(service)], "/ready") as server:
            rows.append(("table, stored, 1 connection", cost(server, singles, 1)))
            stored = cost(server, singles, 8)
            rows.append(("table, stored, 8 connections", stored))
            rows.append(("1,000 flights, stored", cost(server, thousand, 1)))
            start, memory = server.start_seconds, server.memory_mib()
        microseconds, sizes = postgres_cost(service, singles)
        rows.append(("table, PostgreSQL, 8 connections", microseconds))
    if not arguments.skip_mlflow:
        rows.append(("mlflow models serve, ready features", mlflow_cost(state, one)))
    for name, microseconds in rows:
        print(f"{name:38} {microseconds:10,.0f} µs {microseconds / p:8.1f} P {microseconds / stored:8.1f} × stored")
    print(f"start {start:.1f} s, {memory:.0f} MiB")
    print(sizes)


def mlflow_cost(state: Any, one: dict[str, Any]) -> float:
    """CPU of `mlflow models serve` per request, with ready features."""
    import mlflow

    from flight_delay.tracking.client import connect
    from flight_delay.tracking.settings import apply_settings

    apply_settings()
    client = connect()
    experiments = [experiment.experiment_id for experiment in client.search_experiments()]
    run = client.search_runs(experiments, "attributes.status = 'FINISHED'", max_results=1)[0]
    features = state.model.inputs.compute(one)
    columns = {name: values.tolist() for name, values in features.items()}
    split = {"columns": list(columns), "data": [[values[0] for values in columns.values()]]}
    messages = [post("/invocations", {"dataframe_split": split})] * 100
    uri = mlflow.artifacts.download_artifacts(f"runs:/{run.info.run_id}/model")
    command = ["mlflow", "models", "serve", "--env-manager", "local", "--model-uri", uri]
    with started(command, "/ping") as server:
        return cost(server, messages, 1)


if __name__ == "__main__":
    main()
