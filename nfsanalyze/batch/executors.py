"""Where units of work run: on this machine, or on a Dask cluster. One interface, the same results."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from typing import Any

from nfsanalyze.batch import guard
from nfsanalyze.batch.work import Outcome, Work, outcome_from, work_to
from nfsanalyze.errors import UsageError

Executor = Callable[[Sequence[Work]], Iterator[Outcome]]
"""From the units to their outcomes, in the order in which they end."""

RETRIES = 3
"""How often a unit is given out again whose worker died."""


def local(jobs: int) -> Executor:
    """So many children of this process at once."""

    def execute(units: Sequence[Work]) -> Iterator[Outcome]:
        guard.begin()
        pool = ThreadPoolExecutor(max_workers=jobs, thread_name_prefix="case")
        try:
            futures = [pool.submit(guard.run, unit) for unit in units]
            for future in as_completed(futures):
                yield future.result()
        except BaseException:
            # Ctrl-C, or nobody wants the rest: what is under way is not finished.
            pool.shutdown(wait=False, cancel_futures=True)
            raise
        finally:
            guard.stop_all()
            pool.shutdown(wait=True, cancel_futures=True)

    return execute


def dask(address: str) -> Executor:
    """The workers of a running cluster; captures and output folder must be where all of them find them.

    Raises UsageError where the cluster cannot be reached.
    """
    try:
        import distributed
    except ImportError:
        raise UsageError("--scheduler: needs the package distributed: pip install 'nfsanalyze[dask]'") from None
    try:
        client: Any = distributed.Client(address, timeout="10s", set_as_default=False)  # type: ignore[no-untyped-call]
    except (OSError, ValueError, TimeoutError) as error:
        raise UsageError(f"--scheduler {address}: cannot be reached: {error}") from error

    def execute(units: Sequence[Work]) -> Iterator[Outcome]:
        with client:
            futures = {
                client.submit(guard.run_plain, work_to(unit), key=_key(unit), retries=RETRIES, pure=False): unit
                for unit in units
            }
            for future in distributed.as_completed(list(futures), loop=client.loop):  # type: ignore[no-untyped-call]
                yield _outcome(future, futures[future])

    return execute


def _key(unit: Work) -> str:
    """Name of the task on the cluster's pages; a second run is another task, should the first be remembered."""
    from uuid import uuid4

    return f"nfsanalyze-{unit.case}-{uuid4().hex[:8]}"


def _outcome(future: Any, unit: Work) -> Outcome:
    error = future.exception()
    if error is None:
        return outcome_from(future.result())
    return Outcome(
        case=unit.case, status="killed", paths=unit.paths, error=f"on the cluster: {type(error).__name__}: {error}"
    )
