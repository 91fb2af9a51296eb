"""Writes docs/man/nfsanalyze.1 from the help of the commands.

    python tools/man_page.py [--check]

With --check nothing is written; the exit code is 1 where the page differs.
"""

from __future__ import annotations

import sys
import textwrap
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from typer._click import Context
from typer.main import get_command

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from nfsanalyze import __version__  # noqa: E402
from nfsanalyze.cli.app import app  # noqa: E402

PAGE = ROOT / "docs" / "man" / "nfsanalyze.1"
MADE = '.\\" Made by tools/man_page.py from the help of the commands; change it there.'
ENVIRONMENT = {
    "NO_COLOR": "If set, nothing is coloured.",
    "COLUMNS": "Width of text that does not go to a terminal.",
    "NFSANALYZE_DEBUG": "If 1, an internal error shows its traceback.",
}
FILES = {
    "nfsanalyze.toml": "Configuration of the working directory, unless --config names another or --no-config is given.",
}
SEE_ALSO = "tcpdump(8), tshark(1), mergecap(1), editcap(1), nfs(5)"


def escaped(text: str) -> str:
    """Text as roff shows it letter by letter."""
    text = text.replace("\\", "\\e").replace("-", "\\-").replace("'", "\\(aq").replace("`", "\\(ga")
    return "".join(letter if letter.isascii() else f"\\[u{ord(letter):04X}]" for letter in text)


def guarded(line: str) -> str:
    """A line of the page: a dot at its beginning would be a request."""
    return f"\\&{line}" if line.startswith(".") else line


def told(text: str) -> Iterator[str]:
    """One paragraph in lines of the page."""
    return map(guarded, textwrap.wrap(escaped(text), 78, break_long_words=False, break_on_hyphens=False))


def prose(text: str) -> Iterator[str]:
    for number, paragraph in enumerate(text.strip().split("\n\n")):
        if number:
            yield ".PP"
        yield from told(paragraph)


def entries(rows: Iterable[tuple[str, str]]) -> Iterator[str]:
    for names, text in rows:
        yield from (".TP", f"\\fB{escaped(names)}\\fR", *told(text))


def examples(epilog: str | None) -> Iterator[str]:
    """The lines of an epilog below its heading, as they are typed."""
    lines = [each.strip() for each in (epilog or "").replace("\b", "").splitlines() if each.startswith("  ")]
    if lines:
        yield from (".PP", "Example:", ".PP", ".RS 4", ".nf", *(guarded(escaped(each)) for each in lines), ".fi", ".RE")


def commands(command: Any, name: str) -> Iterator[tuple[str, Any]]:
    """Every command that does something, by its words, in the order of the help."""
    inner = getattr(command, "commands", None)
    if inner is None:
        yield name, command
        return
    for word, each in inner.items():
        yield from commands(each, f"{name} {word}")


def parameters(command: Any, context: Context) -> Iterator[tuple[str, str]]:
    for parameter in command.get_params(context):
        record = parameter.get_help_record(context)
        if record and "--help" not in parameter.opts:
            yield (record[0] if parameter.opts[0].startswith("-") else parameter.metavar), record[1]


def section(words: str, command: Any) -> Iterator[str]:
    context = Context(command, info_name=words)
    yield f".SS {escaped(words)}"
    usage = " ".join(command.collect_usage_pieces(context))
    yield f"\\fB{escaped(f'nfsanalyze {words}')}\\fR {escaped(usage)}".rstrip()
    yield ".PP"
    yield from prose(command.help or "")
    yield from entries(parameters(command, context))
    yield from examples(command.epilog)


def page() -> str:
    program = get_command(app)
    parts = [
        MADE,
        f'.TH NFSANALYZE 1 "" "nfsanalyze {__version__}" "User Commands"',
        ".SH NAME",
        "nfsanalyze \\- find what is wrong with NFSv4 clients and leases in packet captures",
        ".SH SYNOPSIS",
        "\\fBnfsanalyze\\fR \\fICOMMAND\\fR [\\fIARGUMENT\\fR]...",
        ".SH DESCRIPTION",
        *prose(program.help or ""),
        ".SH COMMANDS",
    ]
    for words, command in commands(program, ""):
        parts += section(words.strip(), command)
    codes = (program.epilog or "").removeprefix("Exit codes:").rstrip(". ").split(";")
    parts += [".SH EXIT STATUS", *entries((code.split(maxsplit=1)[0], code.split(maxsplit=1)[1]) for code in codes)]
    parts += [".SH ENVIRONMENT", *entries(ENVIRONMENT.items())]
    parts.append(".SH FILES")
    parts += entries(FILES.items())
    parts += [".SH SEE ALSO", escaped(SEE_ALSO)]
    return "\n".join(parts) + "\n"


def main() -> int:
    made = page()
    if "--check" in sys.argv[1:]:
        same = PAGE.exists() and PAGE.read_text(encoding="utf-8") == made
        if not same:
            print(
                "docs/man/nfsanalyze.1 is not what the commands' help says: python tools/man_page.py", file=sys.stderr
            )
        return int(not same)
    PAGE.parent.mkdir(parents=True, exist_ok=True)
    PAGE.write_text(made, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
