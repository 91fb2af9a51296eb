"""Broken copies of all samples and stories, scanned whole: no crash, no hang, no memory that grows."""

from __future__ import annotations

import time
import traceback
from collections import Counter
from pathlib import Path
from random import Random

from fuzz.broken import broken
from fuzz.whole import CHUNKS, peak_mb, scan, within
from soundness.packets import Packets

from nfsanalyze.reports.renderings import FILE_FORMATS

PATIENCE_S = 60
"""For one scan; most take a tenth of a second."""
MEMORY_MB = 100
"""By so much no copy of a small capture may raise the most that the process ever had."""
_WINDOW = 120
"""Packets of a copy: errors are many, and need no long capture."""


class Siege:
    """Scans copies and counts how they ended."""

    def __init__(self, desk: Path, captures: dict[str, Packets]) -> None:
        self._desk = desk
        self._captures = captures
        self._peak = 0.0
        self.ended: Counter[str] = Counter()
        self.slowest = 0.0

    def fault(self, name: str, seed: int) -> str | None:
        """What went wrong with the scan of this copy; None if nothing did."""
        dice = Random(f"{name} {seed}")
        packets = self._captures[name]
        start = dice.randrange(max(len(packets) - _WINDOW, 0) + 1)
        data, what = broken(packets[start : start + _WINDOW], dice)
        began, wrong = time.process_time(), None
        try:
            with within(PATIENCE_S):
                ended = scan(data, self._desk, chunks=(dice.choice(CHUNKS),), formats=(dice.choice(FILE_FORMATS),))
        except Exception as error:
            ended, wrong = "fault", "".join(traceback.format_exception(error)[-4:]).strip()
        self.ended[ended] += 1
        self.slowest = max(self.slowest, time.process_time() - began)
        if self._peak and peak_mb() > self._peak + MEMORY_MB:
            wrong = f"{wrong or ''} the scan took {peak_mb() - self._peak:.0f} MB".strip()
        self._peak = max(self._peak, peak_mb())
        return f"after {what}: {wrong}" if wrong else None
