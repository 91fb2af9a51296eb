"""The command line. Importing it loads nothing heavy: `--help` must answer at once."""

from __future__ import annotations

import sys


def main() -> None:
    """Entry point of the console script."""
    from nfsanalyze.cli.app import run

    sys.exit(run(sys.argv[1:]))
