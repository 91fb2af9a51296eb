"""Fills README.md and the pages of docs/ with what the commands named in them really print.

    python tools/shown_output.py [--check]

A block begins with `<!-- output:ARGUMENTS -->` and ends with `<!-- /output -->`: ARGUMENTS are those of nfsanalyze.
`<!-- output 3-20:ARGUMENTS -->` shows these lines only. Commands run in the order of the page, in a folder of their own
that has the project's `samples` and `docs`, so that one may show what another wrote. With --check nothing is written;
the exit code is 1 where a page differs.
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
BLOCK = re.compile(
    r"(<!-- output(?: (?P<first>\d+)-(?P<last>\d+))?:(?P<arguments>[^\n]*?) -->\n).*?(<!-- /output -->)", re.DOTALL
)
TELLING = ("NO_COLOR", "FORCE_COLOR", "TTY_COMPATIBLE", "TTY_INTERACTIVE", "COLUMNS", "TERM", "CI")


def pages() -> list[Path]:
    return [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]


def printed(arguments: str, folder: Path) -> list[str]:
    """Lines on stdout of the command, run in the folder and not on a terminal."""
    environment = {name: value for name, value in os.environ.items() if name not in TELLING}
    command = [sys.executable, "-m", "nfsanalyze", *shlex.split(arguments)]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, encoding="utf-8")
    if done.returncode not in (0, 1):
        raise SystemExit(f"nfsanalyze {arguments}: exit {done.returncode}: {done.stderr.strip()}")
    return [line.rstrip() for line in done.stdout.rstrip().splitlines()]


def excerpt(lines: list[str], first: str | None, last: str | None) -> list[str]:
    """The lines from `first` to `last`, with a mark where some are left out."""
    if first is None or last is None:
        return lines
    kept = lines[int(first) - 1 : int(last)]
    if not kept:
        raise SystemExit(f"lines {first} to {last} of {len(lines)}: there are none")
    return [*(["[...]"] if int(first) > 1 else []), *kept, *(["[...]"] if int(last) < len(lines) else [])]


def filled(text: str) -> str:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for shared in ("samples", "docs"):
            (folder / shared).symlink_to(ROOT / shared)

        def block(found: re.Match[str]) -> str:
            lines = excerpt(printed(found["arguments"], folder), found["first"], found["last"])
            shown = "\n".join([f"$ nfsanalyze {found['arguments']}", *lines])
            return f"{found[1]}```console\n{shown}\n```\n{found[5]}"

        return BLOCK.sub(block, text)


def main() -> int:
    changed = []
    for page in pages():
        old = page.read_text(encoding="utf-8")
        new = filled(old)
        if new != old:
            changed.append(page.relative_to(ROOT).as_posix())
            if "--check" not in sys.argv[1:]:
                page.write_text(new, encoding="utf-8")
    if "--check" in sys.argv[1:] and changed:
        print(f"not what the commands print: {', '.join(changed)}: make readme", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
