"""Gives one conversation many forms, and prints what each still holds and who finds it: nfsanalyze, and tshark.

    python benchmarks/forms_table.py [--readme]

Owners are counted once a call, COMPOUNDs once a connection. "tshark" is as it comes; "told" has RPC on port 2049,
heuristics first, and reassembly out of order. With --readme the table goes into README.md, too.
"""

from __future__ import annotations

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

from forms.table import BLOCK, rendered  # noqa: E402


def main() -> None:
    lines = []
    for line in rendered():
        print(line, flush=True)
        lines.append(line)
    if "--readme" in sys.argv[1:]:
        readme = ROOT / "README.md"
        table = "```\n" + "\n".join(lines) + "\n```\n"
        text = readme.read_text(encoding="utf-8")
        readme.write_text(BLOCK.sub(lambda found: found[1] + table + found[2], text), encoding="utf-8")


if __name__ == "__main__":
    main()
