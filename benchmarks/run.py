"""Measures nfsanalyze against tshark, tcpdump and capinfos on the same files, in one run; prints tables in Markdown.

    python benchmarks/run.py [--quick] [--slices DIR] [--megabytes N] [--runs N] [--only NAME]…

Seconds are of the processor, of whole processes, less what the same process needs for an empty capture: start-up has a
table of its own. They are medians of the runs, which are taken in turn; tshark, which takes minutes, runs once. Rates
are of those seconds. Memory is the peak of the process. Beside a figure stand what it must be and what is aimed at.
Captures are made under benchmarks/work, once, and stay there. Needs tshark (with capinfos) and tcpdump.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from measure import PROGRAM, Cost, Size, commands, medians, run, size
from recipes import RECIPES, empty
from slices import SLICES

HERE = Path(__file__).resolve().parent
SMALL = HERE.parent / "samples" / "12-02-dup.pcap"
FULL, QUICK = 1000, 50

RATIOS = {"bulk-1500": (12, 18), "bulk-64k": (3.5, 6), "metadata": (12, 20), "creation": (12, 20)}
"How many times tshark's seconds there must be in ours, and are aimed at, by the kind of capture."
MEMORY = {"must": (150, 200), "aim": (150, 100)}
"Megabytes, and octets more for each message."


def row(*cells: object) -> str:
    return f"| {' | '.join(map(str, cells))} |"


def table(heads: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    return "\n".join([row(*heads), row("---", *("---:" for _ in heads[1:])), *(row(*cells) for cells in rows)])


def start_up(runs: int) -> str:
    bare = [sys.executable, "-c"]
    tasks = {
        "Python alone": [*bare, "pass"],
        "import numpy, polars": [*bare, "import numpy, polars"],
        "nfsanalyze --help": [PROGRAM, "--help"],
        "nfsanalyze scan, no packets": commands(empty())["nfsanalyze"],
        f"nfsanalyze scan, {SMALL.stat().st_size // 1000} kB": [PROGRAM, "scan", "--no-config", str(SMALL)],
        f"tshark, {SMALL.stat().st_size // 1000} kB": commands(SMALL)["tshark"],
    }
    goals = {"nfsanalyze --help": ("0.20", "0.08"), list(tasks)[-2]: ("0.60", "0.35")}
    rows = [
        (name, f"{cost.wall:.3f}", *goals.get(name, ("", "")), f"{cost.cpu:.3f}", f"{cost.memory:.0f}")
        for name, cost in medians(tasks, runs).items()
    ]
    return table(("start-up", "wall s", "must", "aim", "CPU s", "MB"), rows)


def capture(name: str, megabytes: int, slices: Path | None) -> Path:
    """Made in a process of its own: a child's peak memory begins with what its parent holds."""
    maker = ["recipes.py"] if name in RECIPES else ["slices.py", str(slices)]
    command = [sys.executable, str(HERE / maker[0]), *maker[1:], name, str(megabytes)]
    return Path(subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout.strip())


def measured(path: Path, runs: int) -> dict[str, Cost]:
    tasks = commands(path)
    once = {"tshark": run(tasks.pop("tshark"))}
    return {**medians(tasks, runs), **once}


def compared(name: str, held: Size, costs: dict[str, Cost], idle: dict[str, Cost]) -> tuple[object, ...]:
    beyond = {tool: max(cost.cpu - idle[tool].cpu, 1e-3) for tool, cost in costs.items()}
    ours, octets = beyond["nfsanalyze"], held.octets / 1e6
    must, aim = (base + each * held.messages / 1e6 for base, each in MEMORY.values())
    return (
        name,
        f"{octets:,.0f}",
        f"{held.packets:,}",
        f"{held.messages:,}",
        *(f"{beyond[tool]:.2f}" for tool in ("nfsanalyze", "tshark", "tcpdump", "capinfos")),
        f"**{beyond['tshark'] / ours:.1f}**",
        "{} ({})".format(*RATIOS[name.removeprefix("slice-")]),
        f"{ours / beyond['tcpdump']:.1f}",
        f"{octets / ours:,.0f}",
        f"{held.packets / ours:,.0f}",
        f"{held.messages / ours:,.0f}",
        f"**{costs['nfsanalyze'].memory:,.0f}**",
        f"{must:,.0f} ({aim:,.0f})",
        f"{costs['tshark'].memory:,.0f}",
    )


HEADS = (
    *("capture", "MB", "packets", "messages", "nfsanalyze s", "tshark s", "tcpdump s", "capinfos s"),
    *("tshark ÷ ours", "must (aim)", "ours ÷ tcpdump", "MB/s", "packets/s", "messages/s"),
    *("peak MB", "must (aim)", "tshark MB"),
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help=f"captures of {QUICK} MB; ratios settle above 500")
    parser.add_argument("--slices", type=Path, metavar="DIR", help="amplify.py and the captures it grows, measured too")
    parser.add_argument("--megabytes", type=int, help=f"size of the captures, {FULL} if not given")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--only", action="append", choices=[*RECIPES, *SLICES], help="may be repeated")
    given = parser.parse_args()
    if given.slices is not None and not (given.slices / "amplify.py").is_file():
        parser.error(f"{given.slices} holds no amplify.py")
    names = given.only or [*RECIPES, *(SLICES if given.slices else ())]
    if given.slices is None and any(name in SLICES for name in names):
        parser.error("slices are in a folder that --slices names")
    megabytes = given.megabytes or (QUICK if given.quick else FULL)
    print(start_up(given.runs), end="\n\n", flush=True)
    idle = medians(commands(empty()), given.runs)
    rows = []
    for name in names:
        path = capture(name, megabytes, given.slices)
        rows.append(compared(name, size(path), measured(path, given.runs), idle))
        print(f"{name} is measured", file=sys.stderr)
    print(table(HEADS, rows))


if __name__ == "__main__":
    main()
