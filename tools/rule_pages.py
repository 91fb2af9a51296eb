"""Writes a page for each rule, and the list of them, into docs/rules from the rule files.

    python tools/rule_pages.py [--check]

With --check nothing is written; the exit code is 1 where a page is missing, differs, or belongs to no rule.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from nfsanalyze.engine.loader import load_rules  # noqa: E402
from nfsanalyze.engine.rule import GROUPS, Rule  # noqa: E402

FOLDER = ROOT / "docs" / "rules"
MADE = "<!-- Made by tools/rule_pages.py from {source}; change it there. -->"
RFC = re.compile(r"RFC ([0-9]+)(?: section ([0-9.]+))?")
MENTION = re.compile(r"\bNFS[0-9]{3}\b")
CODE = re.compile(r"(`[^`]*`)")
SPECIAL = re.compile(r"([\\*<>|\[\]]|(?<![A-Za-z0-9])_|_(?![A-Za-z0-9]))")
JUDGES = re.compile(r"\bAS\s+(severity|confidence)\b", re.IGNORECASE)
GROUP_TITLES = {
    "capture": "What the capture allows",
    "identity": "Identity",
    "lease": "Leases and recovery",
    "trunking": "Takeover, trunking, migration",
    "session": "Sessions and callbacks",
}


def escaped(text: str) -> str:
    """Prose as Markdown shows it letter by letter; what stands in backticks stays code."""
    parts = CODE.split(text)
    return "".join(part if part.startswith("`") and len(part) > 1 else SPECIAL.sub(r"\\\1", part) for part in parts)


def prose(text: str, own: str, known: set[str]) -> str:
    """Paragraphs and lists of a rule, with links to the other rules that they name."""

    def linked(found: re.Match[str]) -> str:
        return f"[{found[0]}]({found[0]}.md)" if found[0] in known and found[0] != own else found[0]

    lines = []
    for line in escaped(text).splitlines():
        if line.startswith("- ") and lines and lines[-1] and not lines[-1].startswith("- "):
            lines.append("")
        lines.append(MENTION.sub(linked, line))
    return "\n".join(lines)


def reference(text: str) -> str:
    found = RFC.fullmatch(text)
    if not found:
        return escaped(text)
    section = f"#section-{found[2]}" if found[2] else ""
    return f"[{text}](https://www.rfc-editor.org/rfc/rfc{found[1]}{section})"


def facts(rule: Rule) -> Iterator[tuple[str, str]]:
    varied = {found.lower() for found in JUDGES.findall(rule.detect)}
    less = ", or less by what it meets"
    yield "severity", rule.severity + (less if "severity" in varied else "")
    yield "confidence", rule.confidence + (less if "confidence" in varied else "")
    yield "group", rule.group
    yield "since", rule.since
    # a bar would end the cell, in code too
    yield "needs", ", ".join(f"`{entry}`" for entry in rule.needs).replace("|", "\\|")
    yield "may miss something where the capture lacks", ", ".join(rule.watches) or "nothing"
    yield "withholds its findings where it lacks", ", ".join(rule.withhold) or "nothing"


def page(rule: Rule, known: set[str]) -> str:
    source = Path(rule.source).relative_to(ROOT).as_posix()
    lines = [MADE.format(source=source), "", f"# {rule.id} {rule.name}", "", escaped(rule.title) + ".", ""]
    lines += ["| | |", "|---|---|", *(f"| {name} | {value} |" for name, value in facts(rule)), ""]
    for heading, text in (
        ("What it looks for", rule.what),
        ("Why it matters", rule.why),
        ("What to do", rule.fix),
        ("When it may be wrong", rule.false_positives),
    ):
        lines += [f"## {heading}", "", prose(text, rule.id, known), ""]
    lines += ["## How it is found", "", "```sql", rule.detect, "```", ""]
    lines += ["## Examples it is tested on", ""]
    for example in rule.examples:
        count = len(example.expect)
        found = "silent" if not count else "1 finding" if count == 1 else f"{count} findings"
        lines.append(f"- {escaped(example.name)}: {found}")
    lines += ["", "## References", "", *(f"- {reference(text)}" for text in rule.references), ""]
    return "\n".join(lines)


def index(rules: Sequence[Rule]) -> str:
    lines = [MADE.format(source="rules/"), "", "# Rules", ""]
    lines += [
        "`nfsanalyze explain NFS101` shows the same in a terminal. NFS900 to NFS999 belong to rules of your own.",
        "",
    ]
    for group in GROUPS:
        mine = [rule for rule in rules if rule.group == group]
        if mine:
            lines += [f"## {GROUP_TITLES[group]}", "", "| | | severity | |", "|---|---|---|---|"]
            lines += [
                f"| [{rule.id}]({rule.id}.md) | {rule.name} | {rule.severity} | {escaped(rule.title)} |"
                for rule in mine
            ]
            lines.append("")
    return "\n".join(lines)


def pages() -> dict[str, str]:
    """All files of the folder, by name."""
    rules = load_rules(ROOT / "rules")
    known = {rule.id for rule in rules}
    return {"README.md": index(rules), **{f"{rule.id}.md": page(rule, known) for rule in rules}}


def main() -> int:
    wanted = pages()
    there = {path.name: path.read_text(encoding="utf-8") for path in FOLDER.glob("*.md")}
    if "--check" in sys.argv[1:]:
        names = sorted(name for name in wanted.keys() | there.keys() if wanted.get(name) != there.get(name))
        if names:
            told = ", ".join(names[:5]) + (f" and {len(names) - 5} more" if len(names) > 5 else "")
            print(f"docs/rules is not what the rules say ({told}): make docs-rules", file=sys.stderr)
        return int(bool(names))
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name in there.keys() - wanted.keys():
        (FOLDER / name).unlink()
    for name, text in wanted.items():
        if there.get(name) != text:
            (FOLDER / name).write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
