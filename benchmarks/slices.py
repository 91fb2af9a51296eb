"""Captures grown out of slices of real traffic, where somebody has some: a folder with `amplify.py`, which copies a
capture N times onto networks of its own, and the slices it copies.

    python benchmarks/slices.py FOLDER NAME MEGABYTES     # prints the path
"""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from recipes import WORK

MOST = 255
"More copies than that `amplify.py` does not make."


@dataclass(frozen=True, slots=True)
class Slice:
    """A capture of the folder; `copied`: bytes that each copy has of its own (server starts, host names)."""

    file: str
    copied: str
    options: tuple[str, ...] = ()


LINUX = "0xc219036b,0xa119036b,client"
GANESHA = "0x6b03121f,0x1f12036b,Libnfs"
SLICES = {
    "slice-bulk-1500": Slice("offload.pcap", LINUX, ("--mtu", "1500")),
    "slice-bulk-64k": Slice("offload.pcap", LINUX),
    "slice-metadata": Slice("metadata.pcap", GANESHA),
}


def made(folder: Path, name: str, megabytes: int) -> Path:
    """The capture grown from that slice to about so many megabytes; made once."""
    WORK.mkdir(exist_ok=True)
    target = WORK / f"{name}-{megabytes}.pcap"
    if not target.exists():
        piece = SLICES[name]
        source, unfinished = folder / piece.file, target.with_suffix(".part")
        copies = min(MOST, max(1, round(megabytes * 10**6 / source.stat().st_size)))
        command = [sys.executable, str(folder / "amplify.py"), str(source), str(unfinished), str(copies)]
        subprocess.run([*command, "--rewrite", piece.copied, *piece.options], check=True, stdout=subprocess.DEVNULL)
        unfinished.rename(target)
    return target


if __name__ == "__main__":
    print(made(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])))
