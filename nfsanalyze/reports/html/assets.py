"""The page's own styles and scripts, joined in order, and the policy that admits them and nothing else."""

from __future__ import annotations

import base64
import hashlib
import json
from importlib.resources import files
from typing import Any

STYLES = ("theme", "page", "findings", "timeline", "ladder", "tables", "print")

SCRIPTS = (
    "dom",
    "clock",
    "theme",
    "copy",
    "unpack",
    "names",
    "lists",
    "scale",
    "marks",
    "lane",
    "rows",
    "tooltip",
    "timeline",
    "pointer",
    "ladder",
    "findings",
    "tables",
    "links",
    "print",
    "main",
)
"""One function holds them all, so that none sees another page's names; each file does one thing."""


def styles() -> str:
    """The style sheet."""
    return "\n".join(_read("css", f"{name}.css") for name in STYLES)


def scripts() -> str:
    """The script."""
    body = "\n".join(_read("js", f"{name}.js") for name in SCRIPTS)
    return f'(function () {{\n"use strict";\n{body}\n}})();\n'


def policy(style: str, script: str) -> str:
    """A Content-Security-Policy under which only these two run and nothing is fetched."""
    return "; ".join(
        (
            "default-src 'none'",
            f"style-src '{_digest(style)}'",
            f"script-src '{_digest(script)}'",
            "base-uri 'none'",
            "form-action 'none'",
        )
    )


def embedded(data: Any) -> str:
    """JSON that no parser of HTML ends early: neither a tag nor a comment can begin in it."""
    text = json.dumps(data, ensure_ascii=True, allow_nan=False, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def _read(folder: str, name: str) -> str:
    return (files("nfsanalyze.reports.html") / folder / name).read_text(encoding="utf-8")


def _digest(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
