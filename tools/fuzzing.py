"""Feeds the parsers what nobody would send, guided by what code it reaches; needs atheris (`make fuzz` installs it).

    python tools/fuzzing.py [TARGET…] [--runs N | --seconds S] [--keep FOLDER] [--blind]
    python tools/fuzzing.py TARGET --replay FILE…

With --blind the inputs are seeds with errors at random, which needs no atheris, and faults do not end the run.
Without a target all are run, one after the other; N is shared out among them, S is for each. What makes a target fail
is written to FOLDER/TARGET; to keep it from coming back put its bytes into tests/fuzz/found.py. Exit code 1 where
something failed.
"""

from __future__ import annotations

import argparse
import hashlib
import importlib
import pkgutil
import re
import subprocess
import sys
import tempfile
import time
import traceback
from collections import Counter
from pathlib import Path
from random import Random

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

PATIENCE_S = 30
MEMORY_MB = 2048
_DONE = re.compile(r"stat::number_of_executed_units:\s+(\d+)|Done (\d+) ")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("targets", nargs="*", metavar="TARGET")
    parser.add_argument("--runs", type=int, default=0)
    parser.add_argument("--seconds", type=int, default=0)
    parser.add_argument("--keep", type=Path, default=ROOT / "build" / "fuzz", metavar="FOLDER")
    parser.add_argument("--replay", type=Path, nargs="+", metavar="FILE")
    parser.add_argument("--blind", action="store_true")
    parser.add_argument("--one", action="store_true", help=argparse.SUPPRESS)
    options, rest = parser.parse_known_args()
    if options.one:
        return _one(options.targets[0], rest)
    from fuzz.targets import TARGETS

    for name in options.targets:
        if name not in TARGETS:
            parser.error(f"no target {name}; there are {', '.join(TARGETS)}")
    if options.replay:
        for file in options.replay:
            TARGETS[options.targets[0]].run(file.read_bytes())
        return 0
    chosen = options.targets or list(TARGETS)
    whole = sum(TARGETS[name].share for name in chosen)
    runs, failed = 0, 0
    began = time.monotonic()
    for name in chosen:
        wanted = round(options.runs * TARGETS[name].share / whole) if options.runs else 0
        run = _blind if options.blind else _fuzz
        done, wrong = run(name, wanted, options.seconds, options.keep)
        runs, failed = runs + done, failed + bool(wrong)
        print(f"{name:14} {done:>9,} runs  {wrong or 'no fault'}", flush=True)
    print(f"{runs:,} runs of {len(chosen)} targets in {time.monotonic() - began:.0f} s: {failed} failed")
    return bool(failed)


def _fuzz(name: str, runs: int, seconds: int, keep: Path) -> tuple[int, str]:
    """How often the target ran, and what went wrong."""
    from fuzz.targets import TARGETS

    target = TARGETS[name]
    found = keep / name
    found.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        for seed in target.seeds():
            (Path(folder) / hashlib.sha1(seed).hexdigest()).write_bytes(seed[: target.most])
        command = [
            sys.executable,
            __file__,
            name,
            "--one",
            folder,
            f"-max_len={target.most}",
            f"-timeout={PATIENCE_S}",
            f"-rss_limit_mb={MEMORY_MB}",
            f"-artifact_prefix={found}/",
            "-print_final_stats=1",
            f"-max_total_time={seconds}" if seconds else f"-runs={max(runs, 1)}",
        ]
        with (found / "log").open("w+") as log:
            code = subprocess.run(command, stdout=log, stderr=subprocess.STDOUT, check=False).returncode
            log.seek(0)
            said = log.read()
    counts = [int(first or second) for first, second in _DONE.findall(said)]
    if code and not counts:
        lines = [line for line in said.splitlines() if line.strip()]
        return 0, f"did not run: {lines[-1] if lines else code}; see {found / 'log'}"
    return max(counts, default=0), f"FAILED, see {found / 'log'}" if code else ""


def _blind(name: str, runs: int, seconds: int, keep: Path) -> tuple[int, str]:
    from fuzz.blind import changed
    from fuzz.targets import TARGETS
    from fuzz.whole import within

    target = TARGETS[name]
    seeds = list(target.seeds())
    dice = Random()
    faults: Counter[str] = Counter()
    done, end = 0, time.monotonic() + seconds
    while done < runs or (seconds and time.monotonic() < end):
        done += 1
        data = changed(dice.choice(seeds), dice, seeds)[: target.most]
        try:
            with within(PATIENCE_S):
                target.run(data)
        except Exception as error:
            last = traceback.extract_tb(error.__traceback__)[-1]
            what = f"{type(error).__name__} at {Path(last.filename).name}:{last.lineno}"
            faults[what] += 1
            if faults[what] == 1:
                (keep / name).mkdir(parents=True, exist_ok=True)
                (keep / name / f"fault-{hashlib.sha1(data).hexdigest()}").write_bytes(data)
    return done, f"FAILED: {dict(faults)}, see {keep / name}" if faults else ""


def _one(name: str, arguments: list[str]) -> int:
    """In a process of its own: libFuzzer ends it."""
    import atheris

    with atheris.instrument_imports(include=["dissect.nfs4", "nfsanalyze"]):
        # Modules are imported where they are needed, too late to be instrumented.
        for package in ("dissect.nfs4", "nfsanalyze"):
            for module in pkgutil.walk_packages(importlib.import_module(package).__path__, f"{package}."):
                if not module.name.endswith("__main__"):
                    importlib.import_module(module.name)
    from fuzz.targets import TARGETS

    atheris.Setup([name, *arguments], TARGETS[name].run)
    atheris.Fuzz()
    return 0


if __name__ == "__main__":
    sys.exit(main())
