"""Fills docs/servers.md with what the captures of samples/ show of their servers.

    python tools/server_table.py [--check]

With --check nothing is written; the exit code is 1 where the page differs.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from nfsanalyze.analysis import analyse  # noqa: E402
from nfsanalyze.reports.document import document  # noqa: E402

PAGE = ROOT / "docs" / "servers.md"
TABLE = re.compile(r"(<!-- table -->\n).*?(<!-- /table -->)", re.DOTALL)
HEAD = (
    "| Capture | Head | Server | Class | Clientids | To a known owner | At a takeover |\n"
    "|---|---|---|---|---|---|---|\n"
)


def rows(path: Path) -> list[str]:
    done = analyse([str(path)])
    told = document(done.tables, done.findings, done.not_evaluable)["server_behaviour"]
    return [row(path.name, entry) for entry in told if entry["class"] is not None or entry["takeovers"]]


def row(name: str, entry: dict[str, Any]) -> str:
    moves = [each["returning_clients"] for each in entry["takeovers"]]
    cells = (
        name,
        f"{entry['head']} ({', '.join(entry['addresses'])})",
        entry["implementation"]["value"] or "",
        entry["class"] or f"not told: {entry['reason']}",
        shown(entry["clientids"]),
        shown(entry["known_owner"]),
        "; ".join(filter(None, map(shown, moves))),
    )
    return f"| {' | '.join(cells)} |\n"


def shown(answer: dict[str, Any]) -> str:
    if answer["value"] is None:
        return ""
    return f"{answer['value']} ({', '.join(map(str, answer['frames']))})"


def main() -> int:
    names = sorted(path for path in (ROOT / "samples").iterdir() if re.match(r"(0[1-9]|1[01])", path.name))
    table = HEAD + "".join(line for path in names for line in rows(path))
    old = PAGE.read_text(encoding="utf-8")
    new = TABLE.sub(lambda found: found[1] + table + found[2], old)
    if "--check" in sys.argv[1:]:
        if new != old:
            print("docs/servers.md does not show what the samples do: python tools/server_table.py", file=sys.stderr)
        return int(new != old)
    PAGE.write_text(new, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
