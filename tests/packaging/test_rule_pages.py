"""How a rule becomes a page."""

from __future__ import annotations

import importlib.util
from dataclasses import replace
from pathlib import Path

import pytest

from nfsanalyze.engine.loader import load_rules

ROOT = Path(__file__).resolve().parents[2]
SPEC = importlib.util.spec_from_file_location("rule_pages", ROOT / "tools" / "rule_pages.py")
assert SPEC is not None
assert SPEC.loader is not None
TOOL = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(TOOL)
RULE = next(rule for rule in load_rules() if rule.id == "NFS208")


def test_a_page_holds_all_that_a_rule_says() -> None:
    rule = replace(
        RULE,
        what="See co_ownerid and NFS101, NFS208, NFS999.\n\nA list:\n- one <b>\n- *two* and `a|b_`\n\n_end_",
        references=("RFC 8881 section 2.4", "RFC 7931", "a book"),
    )
    text = TOOL.page(rule, {"NFS101", "NFS208"})
    assert "# NFS208 reclaim-failed\n" in text
    assert "See co_ownerid and [NFS101](NFS101.md), NFS208, NFS999.\n" in text
    assert "A list:\n\n- one \\<b\\>\n- \\*two\\* and `a|b_`\n\n\\_end\\_\n" in text
    assert "- [RFC 8881 section 2.4](https://www.rfc-editor.org/rfc/rfc8881#section-2.4)\n" in text
    assert "- [RFC 7931](https://www.rfc-editor.org/rfc/rfc7931)\n- a book\n" in text
    assert f"```sql\n{RULE.detect}\n```" in text


def test_what_is_stale_or_left_over_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(TOOL, "FOLDER", tmp_path / "rules")
    monkeypatch.setattr("sys.argv", ["rule_pages.py"])
    assert TOOL.main() == 0
    made = sorted(path.name for path in (tmp_path / "rules").iterdir())
    assert "NFS208.md" in made
    assert "README.md" in made
    monkeypatch.setattr("sys.argv", ["rule_pages.py", "--check"])
    assert TOOL.main() == 0
    (tmp_path / "rules" / "NFS208.md").write_text("old")
    (tmp_path / "rules" / "NFS099.md").write_text("gone")
    assert TOOL.main() == 1
    assert capsys.readouterr().err == "docs/rules is not what the rules say (NFS099.md, NFS208.md): make docs-rules\n"
    monkeypatch.setattr("sys.argv", ["rule_pages.py"])
    assert TOOL.main() == 0
    assert sorted(path.name for path in (tmp_path / "rules").iterdir()) == made
