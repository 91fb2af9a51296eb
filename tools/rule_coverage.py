"""Which captures each rule was tried on: where it fires, where it is tempted and silent, where it cannot judge.

    python tools/rule_coverage.py [--check]

Runs all captures of samples/ and all stories of tests/scenarios and prints a table in Markdown. With --check the exit
code is 1 where a rule never fires, or was never tempted in vain.
"""

from __future__ import annotations

import importlib
import sys
from collections import defaultdict
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

from nfsanalyze.analysis import analyse  # noqa: E402
from nfsanalyze.engine.loader import load_rules  # noqa: E402
from nfsanalyze.errors import NothingToAnalyse  # noqa: E402

SHOWN = 3

Places = dict[str, list[str]]


def main() -> int:
    fires: Places = defaultdict(list)
    tempted: Places = defaultdict(list)
    unjudged: Places = defaultdict(list)
    for name, fired, tempts, blind in (*samples(), *stories()):
        for rule in fired:
            fires[rule].append(name)
        for rule in tempts - fired:
            tempted[rule].append(name)
        for rule in blind:
            unjudged[rule].append(name)
    rules = load_rules()
    for rule in rules:
        # The examples of a rule that yield nothing are near misses, too.
        tempted[rule.id] += [f"example: {example.name}" for example in rule.examples if not example.expect]
    print("| rule | fires in | near misses | not evaluable in |\n|---|---|---|---|")
    for rule in rules:
        cells = (told(places[rule.id]) for places in (fires, tempted, unjudged))
        print(f"| {rule.id} {rule.name} | {' | '.join(cells)} |")
    lacking = [rule.id for rule in rules if not fires[rule.id] or not tempted[rule.id]]
    print(f"\n{len(rules)} rules; never fired or never tempted: {', '.join(lacking) or 'none'}")
    return int(bool(lacking) and "--check" in sys.argv[1:])


def told(places: list[str]) -> str:
    more = f" and {len(places) - SHOWN} more" if len(places) > SHOWN else ""
    return ", ".join(place.replace("|", "/") for place in places[:SHOWN]) + more


Found = tuple[str, set[str], set[str], set[str]]


def samples() -> list[Found]:
    found = []
    for path in sorted((ROOT / "samples").iterdir()):
        if path.suffix in (".pcap", ".pcapng", ".snoop", ".gz"):
            found.append(_tried(path.name, path, set(), {}))
    return found


def stories() -> list[Found]:
    """Every story of the tables in tests/scenarios: modules `*_scenarios`, a table of one name each."""
    import tempfile

    from scenarios.cluster import Cluster
    from scenarios.scenario import Scenario

    found = []
    for module in sorted((ROOT / "tests" / "scenarios").glob("*_scenarios.py")):
        tables = vars(importlib.import_module(f"scenarios.{module.stem}")).values()
        for table in tables:
            if not (isinstance(table, dict) and table and all(isinstance(each, Scenario) for each in table.values())):
                continue
            for name, case in table.items():
                story = case.tell()
                wire = story.wire if isinstance(story, Cluster) else story
                with tempfile.TemporaryDirectory() as folder:
                    path = wire.write(Path(folder) / "story.pcap")
                    found.append(_tried(name, path, set(case.tempts), dict(case.options)))
    return found


def _tried(name: str, path: Path, tempts: set[str], options: dict[str, object]) -> Found:
    try:
        done = analyse([str(path)], **options)  # type: ignore[arg-type]
    except NothingToAnalyse:
        return name, set(), tempts, set()
    return name, {each.rule for each in done.findings}, tempts, {each.rule for each in done.not_evaluable}


if __name__ == "__main__":
    sys.exit(main())
