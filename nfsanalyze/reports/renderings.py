"""The formats of a report, and what draws each: from the document to the text of a file."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Literal, get_args

if TYPE_CHECKING:
    from nfsanalyze.reports.document import Document
    from nfsanalyze.reports.sarif_report import Regions

FileFormat = Literal["json", "jsonl", "sarif", "markdown", "junit", "html"]
"""Formats that need no terminal to be drawn for."""

FILE_FORMATS: tuple[FileFormat, ...] = get_args(FileFormat)

MACHINE: frozenset[str] = frozenset(("json", "jsonl", "sarif", "junit", "parquet"))
"""Formats of which stdout holds one valid report even where nothing was found to analyse."""


def render(format: FileFormat, document: Document, files: Mapping[str, str] | None = None) -> str:
    """The document in a format; `files`: where the captures are that it names otherwise."""
    if format == "sarif":
        return _sarif(document, files or {})
    return _RENDERINGS[format](document)


def _json(document: Document) -> str:
    from nfsanalyze.reports.json_report import render_json

    return render_json(document)


def _jsonl(document: Document) -> str:
    from nfsanalyze.reports.jsonl_report import render_jsonl

    return render_jsonl(document)


def _markdown(document: Document) -> str:
    from nfsanalyze.reports.markdown_report import render_markdown

    return render_markdown(document)


def _junit(document: Document) -> str:
    from nfsanalyze.reports.junit_report import render_junit

    return render_junit(document)


def _html(document: Document) -> str:
    from nfsanalyze.reports.html import render_html

    return render_html(document)


def _sarif(document: Document, files: Mapping[str, str]) -> str:
    from nfsanalyze.reports.sarif_report import render_sarif

    return render_sarif(document, _regions(document, files))


def _regions(document: Document, files: Mapping[str, str]) -> Regions:
    """Where the frames of the findings lie in their files, as far as the files can still be read."""
    from dissect.nfs4.capture.offsets import packet_regions

    frames: dict[str, set[int]] = defaultdict(set)
    for finding in document["findings"]:
        frames[finding["capture"]].update(finding["frames"])
        for each in finding["evidence"]:
            frames[each["capture"]].add(each["frame"])
    found: dict[tuple[str, int], tuple[int, int]] = {}
    for capture in document["captures"]:
        try:
            regions = packet_regions(Path(files.get(capture["path"], capture["path"])), frames[capture["capture"]])
        except OSError:
            continue
        found.update(((capture["capture"], number), region) for number, region in regions.items())
    return found


_RENDERINGS: dict[FileFormat, Callable[[Document], str]] = {
    "json": _json,
    "jsonl": _jsonl,
    "markdown": _markdown,
    "junit": _junit,
    "html": _html,
}
