"""Run tasks on a Dask cluster whose workers share no file system.

Documentation: https://distributed.dask.org/en/stable/. Files travel with the tasks that read them."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, TypeVar
from weakref import WeakValueDictionary

from flight_delay.core.cluster_tasks import run_checked, run_model
from flight_delay.core.content import FileContent
from flight_delay.core.environment import describe_environment, environment_difference
from flight_delay.core.errors import UserError
from flight_delay.core.executors import SCHEDULER_VARIABLE, require_workers
from flight_delay.core.workers import available_cores

R = TypeVar("R")

CONNECT_SECONDS = 10


def connect(address: str) -> DaskExecutor:
    """Connect to a scheduler, and check that its workers have the same code.

    Raises:
        UserError: Dask is not installed, no scheduler or worker answers, or a worker has another version.
    """
    try:
        import dask
        from distributed import Client, Security
    except ImportError:
        raise UserError(
            f"{SCHEDULER_VARIABLE}: Dask is not installed; `make setup` installs it, as does "
            '`pip install "flight-delay[scale]"`'
        ) from None

    logging.getLogger("distributed").setLevel(logging.CRITICAL)  # errors become one line
    dask.config.set({"distributed.comm.timeouts.connect": f"{CONNECT_SECONDS}s"})
    # Without a certificate, a client would wait for its own end.
    if address.startswith("tls") and not Security().get_connection_args("client")["ssl_context"]:
        raise UserError(
            f"{SCHEDULER_VARIABLE}={address}: no certificate is configured; set DASK_DISTRIBUTED__COMM__TLS__CA_FILE, "
            "DASK_DISTRIBUTED__COMM__TLS__CLIENT__CERT and DASK_DISTRIBUTED__COMM__TLS__CLIENT__KEY"
        )
    try:
        client = Client(address, timeout=CONNECT_SECONDS, set_as_default=False)
    except (OSError, ValueError, TypeError) as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise UserError(
            f"{SCHEDULER_VARIABLE}={address}: no Dask scheduler answers ({reason}); start it, or unset the variable"
        ) from None
    try:
        _require_same_environment(address, client.run(describe_environment, on_error="return"))
    except BaseException:
        client.close()
        raise
    return DaskExecutor(address, client)


def _require_same_environment(address: str, workers: dict[str, Any]) -> None:
    for worker, described in workers.items():
        if difference := environment_difference(describe_environment(), described):
            raise UserError(
                f"{SCHEDULER_VARIABLE}={address}: worker {worker} has {difference}; start workers from a checkout of "
                "the same commit, with the same requirements"
            )
    if not workers:
        raise UserError(f"{SCHEDULER_VARIABLE}={address}: it has no workers; start some: `dask worker {address}`")


class DaskExecutor:
    """A client of a Dask scheduler; see `executors.Executor`."""

    def __init__(self, address: str, client: Any) -> None:
        self._address, self._client = address, client
        self._files: WeakValueDictionary[tuple[Path, int], Any] = WeakValueDictionary()

    @property
    def workers(self) -> int:
        """Number of threads of all workers; more may join at any time."""
        return max(1, sum(map(int, self._client.nthreads().values())))

    @property
    def processes(self) -> int:
        """Number of workers."""
        return len(self._client.nthreads())

    @property
    def n_jobs(self) -> int:
        """Smallest number of threads that a worker's environment allows."""
        return min(map(int, self._client.run(available_cores).values()))

    @property
    def host(self) -> str:
        """Address of this machine as the scheduler's machine reaches it."""
        from distributed.comm.addressing import get_address_host
        from distributed.utils import get_ip

        return str(get_ip(get_address_host(self._address)))

    def submit(self, function: Callable[..., Any], *arguments: Any) -> Any:
        """Start a task; see `Executor`."""
        return self._submit(run_checked, function, *arguments)

    def submit_model(self, function: Callable[..., Any], *arguments: Any) -> Any:
        """Start a task with a `Worker`; see `Executor`."""
        return self._submit(run_checked, run_model, function, *arguments)

    def result(self, future: Any) -> Any:
        """Wait for a result; see `Executor`."""
        from concurrent.futures import CancelledError

        from distributed import KilledWorker

        try:
            return future.result()
        except KilledWorker as error:
            raise UserError(
                f"{SCHEDULER_VARIABLE}={self._address}: a task ended worker {error.last_worker.address} "
                f"{error.allowed_failures + 1} times, often for lack of memory; give workers more, or fewer threads"
            ) from None
        except (CancelledError, OSError) as error:
            if isinstance(error, OSError) and error.errno:
                raise
            raise UserError(
                f"{SCHEDULER_VARIABLE}={self._address}: the connection to the scheduler is lost; start it, "
                "and run the command again"
            ) from None

    def cancel(self, futures: Iterable[Any]) -> None:
        """Cancel tasks, also those that run."""
        if (futures := list(futures)) and self._client.status == "running":
            self._client.cancel(futures, force=True)

    def run_together(self, function: Callable[..., R], arguments: Sequence[Sequence[Any]]) -> list[R]:
        """Call a function on several workers at once; see `Executor`."""
        addresses = sorted(self._client.nthreads())
        require_workers(len(addresses), len(arguments))
        running = [
            self._submit(run_checked, function, *args, workers=[address], allow_other_workers=False, retries=0)
            for address, args in zip(addresses, arguments, strict=False)
        ]
        try:
            return self._wait_together(running, addresses[: len(arguments)])
        except BaseException:
            self.cancel(running)
            # Calls that wait for the one that failed can only be ended with their process.
            self._client.restart_workers(list(set(addresses) & set(self._client.nthreads())), raise_for_error=False)
            raise

    def _wait_together(self, running: Sequence[Any], addresses: Sequence[str]) -> list[Any]:
        while True:
            for future in running:
                if future.status in ("error", "cancelled", "lost"):
                    self.result(future)
            if all(future.status == "finished" for future in running):
                return [self.result(future) for future in running]
            if lost := sorted(set(addresses) - set(self._client.nthreads())):
                raise UserError(
                    f"{SCHEDULER_VARIABLE}={self._address}: worker {lost[0]} is lost; start it, and run it again"
                )
            time.sleep(0.05)

    def _submit(self, function: Callable[..., Any], *arguments: Any, **options: Any) -> Any:
        return self._client.submit(
            function,
            describe_environment(),
            *(self._with_files(argument) for argument in arguments),
            pure=False,
            **options,
        )

    def _with_files(self, argument: Any) -> Any:
        """Replace paths by futures of their content, which Dask replaces by content."""
        if isinstance(argument, Path):
            key = argument, argument.stat().st_mtime_ns
            if (future := self._files.get(key)) is None:
                content = FileContent(argument, argument.read_bytes())
                self._files[key] = future = self._client.scatter(content, hash=False)
            return future
        if type(argument) in (list, tuple):
            return type(argument)(self._with_files(element) for element in argument)
        if type(argument) is dict:
            return {key: self._with_files(element) for key, element in argument.items()}
        return argument
