"""Puts errors into the bytes of captures and scans them whole: no crash, no hang, no memory, decoders that agree.

    python tools/broken.py [FIRST LAST] [--of PART]

One copy a seed of every sample and story, or of those whose name holds PART. A fault is printed with its seed, so that
it can be made again; exit code 1 if there is any. `tools/damage.py` damages captures as networks do, and looks for
false findings.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

from fuzz.siege import Siege  # noqa: E402
from fuzz.whole import peak_mb  # noqa: E402
from soundness.trial import captures  # noqa: E402

_EVERY = 10


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("first", type=int, nargs="?", default=0)
    parser.add_argument("last", type=int, nargs="?", default=20)
    parser.add_argument("--of", default="", metavar="PART")
    options = parser.parse_args()
    chosen = {name: packets for name, packets in captures().items() if options.of in name}
    faults = 0
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        siege = Siege(Path(folder) / "copy.pcap", chosen)
        for seed in range(options.first, options.last):
            for name in chosen:
                if (fault := siege.fault(name, seed)) is not None:
                    faults += 1
                    print(f"{name} seed {seed}: {fault}", flush=True)
            if seed % _EVERY == 0 or seed == options.last - 1:
                ends = ", ".join(f"{count:,} {end}" for end, count in sorted(siege.ended.items()))
                print(
                    f"{siege.ended.total():,} broken copies ({ends}): {faults} faults, "
                    f"{time.monotonic() - began:.0f} s, slowest {siege.slowest:.1f} s, peak {peak_mb():.0f} MB",
                    flush=True,
                )
    return bool(faults)


if __name__ == "__main__":
    sys.exit(main())
