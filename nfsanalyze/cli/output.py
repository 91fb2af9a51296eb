"""Reports on their way out: which formats go where, checked before the work, written after it."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping, Sequence
from datetime import tzinfo
from pathlib import Path
from typing import TYPE_CHECKING, Literal, get_args

from dissect.nfs4.dataclass import dataclass, replace
from nfsanalyze.cli.inputs import refuse_overwrite
from nfsanalyze.cli.screen import color_wanted, page_width
from nfsanalyze.cli.streams import check_folder, check_writable, make_folder, write_file, write_stdout
from nfsanalyze.errors import UsageError

if TYPE_CHECKING:
    from nfsanalyze.reports.document import Document

Format = Literal["text", "json", "jsonl", "sarif", "markdown", "junit", "html", "parquet"]
FORMATS: tuple[Format, ...] = get_args(Format)


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A report that is wanted: `output` None is stdout."""

    format: Format
    output: Path | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Rendering:
    """The reports that are wanted, and how the text is shown; `files`: by path in the report the file it stands for,
    where that is another."""

    targets: tuple[Target, ...]
    zone: tzinfo | None
    show_all: bool
    files: Mapping[str, str] | None = None


def targets(format: Format, output: Path | None, others: Sequence[str], paths: Sequence[str]) -> tuple[Target, ...]:
    """The main report and the `others` (FORMAT=FILE), none of which may replace a capture or another report; parquet
    goes into a folder.

    Raises UsageError, OutputError.
    """
    wanted = [Target(format=format, output=None if output == Path("-") else output)]
    for word in others:
        name, equals, file = word.partition("=")
        if name not in FORMATS or not equals or not file:
            from nfsanalyze.engine.nearest import nearest

            raise UsageError(f'--report: "{word}" is not FORMAT=FILE, such as sarif=case.sarif{nearest(name, FORMATS)}')
        wanted.append(Target(format=FORMATS[FORMATS.index(name)], output=Path(file)))
    seen: set[Path] = set()
    for target in wanted:
        if target.output is None:
            if target.format == "parquet":
                raise UsageError("--format parquet: a folder of tables; say where with -o DIR")
            continue
        if target.output.resolve() in seen:
            raise UsageError(f"{target.output}: is to hold two reports; give each a file of its own")
        seen.add(target.output.resolve())
        refuse_overwrite(target.output, paths)
        (check_folder if target.format == "parquet" else check_writable)(target.output)
    return tuple(wanted)


def write_reports(report: Document, rendering: Rendering, tables: Iterable[tuple[str, bytes]] = ()) -> None:
    """Write all reports; `tables` are the files that go into the folder of one that is a folder. Raises OutputError."""
    for target in rendering.targets:
        if target.format == "parquet":
            _write_folder(target.output, tables)
            continue
        text = _text(report, rendering, target) if target.format == "text" else _file(report, rendering, target.format)
        if target.output is None:
            write_stdout(text)
        else:
            write_file(target.output, text)


def _write_folder(folder: Path | None, files: Iterable[tuple[str, bytes]]) -> None:
    assert folder is not None
    make_folder(folder)
    for name, octets in files:
        write_file(folder / name, octets)


def write_empty(report: Document, rendering: Rendering, tables: Iterable[tuple[str, bytes]] = ()) -> None:
    """Where there was nothing to analyse: what reads machine formats finds one valid report all the same."""
    from nfsanalyze.reports.renderings import MACHINE

    machine = tuple(target for target in rendering.targets if target.format in MACHINE)
    write_reports(report, replace(rendering, targets=machine), tables)


def _file(report: Document, rendering: Rendering, format: Format) -> str:
    from nfsanalyze.reports.renderings import FILE_FORMATS, render

    return render(FILE_FORMATS[FILE_FORMATS.index(format)], report, rendering.files)


def _text(report: Document, rendering: Rendering, target: Target) -> str:
    from nfsanalyze.reports.terminal import render_text

    terminal = target.output is None and sys.stdout.isatty()
    return render_text(
        report,
        width=page_width(),
        color=terminal and color_wanted(),
        zone=rendering.zone,
        show_all=rendering.show_all,
    )
