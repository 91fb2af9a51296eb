"""A command line whose analysis is a stand-in: what it was asked, and what it answers."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from reports.example import finding, takeover_tables

from nfsanalyze.cli.app import run


@dataclass
class Stage:
    """Answers in place of the analysis; `asked` holds the calls."""

    capsys: pytest.CaptureFixture[str]
    answer: Any = None
    asked: list[tuple[list[str], dict[str, Any]]] = field(default_factory=list)

    def analyse(self, paths: Any, **options: Any) -> Any:
        self.asked.append((list(paths), options))
        if isinstance(self.answer, BaseException):
            raise self.answer
        return self.answer

    def gives(self, *found: Any, incomplete: tuple[str, ...] = ()) -> None:
        self.answer = SimpleNamespace(
            tables=takeover_tables(),
            findings=found or (finding(),),
            not_evaluable=(),
            incomplete=incomplete,
            ignored=(),
            rules=(),
        )

    def __call__(self, *arguments: str | Path) -> tuple[int, str, str]:
        """Exit code, stdout, stderr."""
        code = run([str(argument) for argument in arguments])
        captured = self.capsys.readouterr()
        return code, captured.out, captured.err


@pytest.fixture
def stage(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Stage:
    stage = Stage(capsys)
    stage.gives()
    monkeypatch.setattr("nfsanalyze.analysis.analyse", stage.analyse)
    for name in ("NO_COLOR", "FORCE_COLOR", "COLUMNS", "NFSANALYZE_DEBUG"):
        monkeypatch.delenv(name, raising=False)
    return stage


@pytest.fixture
def pcap(tmp_path: Path) -> Path:
    path = tmp_path / "case.pcap"
    path.write_bytes(b"anything: the stand-in does not read it")
    return path


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Make a stream look like a terminal."""

    def pretend(stream: str) -> None:
        monkeypatch.setattr(getattr(sys, stream), "isatty", lambda: True)

    return pretend
