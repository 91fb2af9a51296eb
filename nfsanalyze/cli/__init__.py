"""The command line. Importing it loads nothing heavy: `--help` must answer at once."""

from __future__ import annotations

import sys
import time

BEGUN = time.perf_counter()
"""When the program began to load."""


def main() -> None:
    """Entry point of the console script."""
    from nfsanalyze.cli.app import run
    from nfsanalyze.cli.streams import open_streams
    from nfsanalyze.lean import leave

    open_streams()
    try:
        sys.exit(run(sys.argv[1:]))
    finally:
        leave()
