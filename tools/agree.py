"""Holds what the columnar decoder makes of captures against what the exact decoder does.

    python tools/agree.py CAPTURE... [--chunk OCTETS]

For captures of some ten megabytes, for instance those that `benchmarks/grow.py` makes: both are decoded whole and kept.
Prints a line a capture, and what differs; exit code 1 if anything does.
"""

from __future__ import annotations

import argparse
import sys
import time
from itertools import islice, zip_longest
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

from decoded import Decoded  # noqa: E402
from same import COUNTS, said  # noqa: E402

from dissect.nfs4.capture import open_capture  # noqa: E402
from dissect.nfs4.columnar import columnar  # noqa: E402
from dissect.nfs4.columnar.decode import CHUNK_BYTES  # noqa: E402
from dissect.nfs4.exact import exact  # noqa: E402

_SHOWN = 3


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("captures", type=Path, nargs="+", metavar="CAPTURE")
    parser.add_argument("--chunk", type=int, default=CHUNK_BYTES, metavar="OCTETS")
    options = parser.parse_args()
    wrong = False
    for path in options.captures:
        began = time.process_time()
        with open_capture(path) as capture:
            expected = said(Decoded(exact(capture)))
            counts = {name: getattr(capture, name) for name in COUNTS}
        middle = time.process_time()
        with open_capture(path) as capture:
            found = said(Decoded(columnar(capture, chunk_bytes=options.chunk)))
            differs = [name for name in COUNTS if getattr(capture, name) != counts[name]]
        ended = time.process_time()
        differs += [name for name in expected if expected[name] != found[name]]
        wrong |= bool(differs)
        print(
            f"{path.name}: {counts['packets']} packets, {len(expected['messages'])} messages,"
            f" exact {middle - began:.1f} s, columnar {ended - middle:.1f} s: {', '.join(differs) or 'the same'}",
            flush=True,
        )
        for name in differs:
            if name in expected:
                _show(name, expected[name], found[name])
    return wrong


def _show(name: str, expected: list[Any], found: list[Any]) -> None:
    """The first places at which they part."""
    pairs = zip_longest(expected, found)
    differing = ((one, other) for one, other in pairs if one != other)
    for one, other in islice(differing, _SHOWN):
        print(f"  {name}, exact: {one}\n  {name}, columnar: {other}")


if __name__ == "__main__":
    sys.exit(main())
