"""Fills README.md with what the commands named in it really print.

    python tools/readme_output.py [--check]

A block begins with `<!-- output:ARGUMENTS -->` and ends with `<!-- /output -->`: ARGUMENTS are those of nfsanalyze.
With --check nothing is written; the exit code is 1 where the file differs.
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
BLOCK = re.compile(r"(<!-- output:(?P<arguments>[^\n]*?) -->\n).*?(<!-- /output -->)", re.DOTALL)
TELLING = ("NO_COLOR", "FORCE_COLOR", "TTY_COMPATIBLE", "TTY_INTERACTIVE", "COLUMNS", "TERM", "CI")


def printed(arguments: str) -> str:
    """Stdout of the command, run in the project's folder and not on a terminal."""
    environment = {name: value for name, value in os.environ.items() if name not in TELLING}
    command = [sys.executable, "-m", "nfsanalyze", *shlex.split(arguments)]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, encoding="utf-8")
    if done.returncode not in (0, 1):
        raise SystemExit(f"nfsanalyze {arguments}: exit {done.returncode}: {done.stderr.strip()}")
    return "\n".join(line.rstrip() for line in done.stdout.rstrip().splitlines())


def filled(text: str) -> str:
    def block(found: re.Match[str]) -> str:
        arguments = found["arguments"]
        return f"{found[1]}```console\n$ nfsanalyze {arguments}\n{printed(arguments)}\n```\n{found[3]}"

    return BLOCK.sub(block, text)


def main() -> int:
    readme = ROOT / "README.md"
    old = readme.read_text(encoding="utf-8")
    new = filled(old)
    if "--check" in sys.argv[1:]:
        if new != old:
            print("README.md does not show what the commands print: make readme", file=sys.stderr)
        return int(new != old)
    readme.write_text(new, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
