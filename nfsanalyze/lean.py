"""What makes a run start and end sooner."""

from __future__ import annotations

import gc
import os


def lean() -> None:
    """Set what only a process as a whole can have; to be called before numpy and polars are imported."""
    # numpy's linear algebra is not used here, and the tables are small: more threads would only cost start-up
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    os.environ.setdefault("POLARS_MAX_THREADS", "2")
    # what a run makes lives until its end, in few cycles: looking for garbage would only cost time
    gc.disable()


def leave() -> None:
    """The process is about to end."""
    # The interpreter looks for garbage once more as it ends, among all that a run made: a tenth of a small one's time.
    gc.freeze()
