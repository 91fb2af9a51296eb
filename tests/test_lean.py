"""A process ends without a last look for garbage."""

from __future__ import annotations

import gc
import subprocess
import sys


def test_nothing_is_looked_through_at_the_end() -> None:
    program = (
        "import gc, sys; from nfsanalyze import cli; sys.argv = ['nfsanalyze', '--version']\n"
        "try: cli.main()\n"
        "except SystemExit as end: print(end.code, gc.get_freeze_count() > 0)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "0 True"
    assert gc.get_freeze_count() == 0, "only the program itself does it"
