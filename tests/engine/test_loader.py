"""Rule files: every fault is one line that names the file and the field."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from engine.small import TEXT
from hypothesis import given
from hypothesis import strategies as st

from nfsanalyze.engine.loader import load_rule, load_rules, parse_rule, shipped_folder
from nfsanalyze.engine.rule import Rule, RuleError


def fault(text: str) -> str:
    with pytest.raises(RuleError) as raised:
        parse_rule(text, "x.toml")
    line = str(raised.value)
    assert "\n" not in line
    return re.sub(r"^x\.toml:[0-9]+: ", "x.toml: ", line)


def changed(field: str, value: str) -> str:
    """The small rule with the line of one field replaced, or dropped where the value is empty."""
    text, number = re.subn(rf"^{field} = .*$", f"{field} = {value}" if value else "", TEXT, count=1, flags=re.M)
    assert number == 1
    return text


def test_a_rule_says_what_its_file_says() -> None:
    rule = parse_rule(TEXT, "x.toml")
    assert (rule.id, rule.group, rule.needs, rule.source) == ("NFS900", "own", ("leases",), "x.toml")
    assert rule.withhold == rule.watches == ("loss", "replies")
    assert [(example.name, len(example.expect)) for example in rule.examples] == [("fires", 1), ("does not", 0)]


@pytest.mark.parametrize(
    ("field", "value", "line"),
    [
        ("id", "", "x.toml: id: is missing"),
        ("id", '"NFS1"', 'x.toml: id: "NFS1" is not NFS and three digits'),
        ("id", "5", "x.toml: id: is not a text"),
        ("name", '"Silent Client"', 'x.toml: name: "Silent Client" is not words in lower case joined by -'),
        ("title", '" "', "x.toml: title: is empty"),
        (
            "severity",
            '"hihg"',
            'x.toml: severity: "hihg" is none of note, low, medium, high, critical; did you mean "high"?',
        ),
        ("confidence", '"sure"', 'x.toml: confidence: "sure" is none of low, medium, high'),
        ("needs", '["lease"]', 'x.toml: needs: "lease" is unknown; did you mean "leases"?'),
        ("needs", '["leases.ennd"]', 'x.toml: needs: "leases.ennd": leases has no column "ennd"; did you mean "end"?'),
        ("needs", '["leases.head=x"]', 'x.toml: needs: "leases.head=x": "x" is not a number that fits the column'),
        ("needs", "[]", "x.toml: needs: names no table"),
        ("needs", '"leases"', "x.toml: needs: is not a list of texts"),
        ("watches", '["reply"]', 'x.toml: watches: "reply" is unknown; did you mean "replies"?'),
        ("watches", '["loss"]\nwithhold = ["end"]', 'x.toml: withhold: "end" is not among watches'),
        ("references", "[]", "x.toml: references: is empty"),
        (
            "message",
            '"{client.x}"',
            "x.toml: message: {client.x} is not a plain column name with a format such as .1f",
        ),
        ("why", '"y"\nserverity = "low"', 'x.toml: serverity: is unknown; did you mean "severity"?'),
    ],
)
def test_a_wrong_field_is_one_line(field: str, value: str, line: str) -> None:
    assert fault(changed(field, value)) == line


@pytest.mark.parametrize(
    ("old", "new", "line"),
    [
        ("[{ severity", "[{ sevrity", 'example "fires" expect sevrity: is unknown; did you mean "severity"?'),
        ("[{ client = 1", "[{ clint = 1", 'example "fires" leases clint: is unknown; did you mean "client"?'),
        (
            "tables.leases = []",
            "tables.lease = []",
            'example "does not" tables lease: is unknown; did you mean "leases"?',
        ),
        ("tables.leases = []", "tables.leases = [5]", 'example "does not" leases: is not a list of tables'),
        ("tables.leases = []", "tables = 5", 'example "does not" tables: is not a table of tables'),
        ("expect = []", "", 'example "does not": expect is missing'),
        (
            "expect = []",
            "expect = [{}]",
            "example: all fire: at least one must not; add an [[example]] with expect = [] and rows that are harmless",
        ),
        (
            'expect = [{ severity = "medium", frames = [7] }]',
            "expect = []",
            "example: none fires: at least one must; add an [[example]] whose expect names a finding",
        ),
        ('name = "does not"', 'name = "fires"', "example: two have one name"),
        ('name = "does not"', "", "example 2 name: is missing"),
        ("tables.leases = []", "tables.leases = []\nwhy = 1", "example 2 why: is unknown"),
    ],
)
def test_a_wrong_example_is_one_line(old: str, new: str, line: str) -> None:
    assert old in TEXT
    assert fault(TEXT.replace(old, new)) == f"x.toml: {line}"


@pytest.mark.parametrize(
    ("old", "new", "line"),
    [
        ('severity = "medium"', 'severity = "hihg"', 5),
        ("[{ client = 1", "[{ clint = 1", 21),
        ("tables.leases = []", "tables.lease = []", 26),
        ('name = "does not"', "", 25),
        ('why = "why"', '\nserverity = "low"', 17),
    ],
)
def test_a_fault_tells_its_line(old: str, new: str, line: int) -> None:
    with pytest.raises(RuleError) as raised:
        parse_rule(TEXT.replace(old, new), "x.toml")
    assert str(raised.value).startswith(f"x.toml:{line}: ")


def test_a_rule_without_examples_is_refused() -> None:
    assert fault(TEXT.split("[[example]]")[0]).startswith(
        "x.toml: example: none fires: at least one must; add an [[example]] whose"
    )
    assert (
        fault(TEXT.split("[[example]]")[0] + "example = 5")
        == "x.toml: example: is not a list of tables: write [[example]]"
    )


def test_what_is_no_toml_is_one_line() -> None:
    assert fault("id = ").startswith("x.toml: not TOML: ")


def test_without_examples_the_rest_is_the_same() -> None:
    whole, head = parse_rule(TEXT, "x"), parse_rule(TEXT, "x", examples=False)
    assert head.examples == ()
    assert (head.id, head.detect, head.message) == (whole.id, whole.detect, whole.message)


def test_a_rule_that_has_no_examples_yet_is_read_without_them() -> None:
    text = TEXT.split("[[example]]")[0]
    assert parse_rule(text, "x", examples=False).examples == ()
    with pytest.raises(RuleError, match="example: none fires: at least one must"):
        parse_rule(text, "x")


def test_an_example_header_inside_a_text_is_no_example() -> None:
    text = TEXT.replace('what = "what"', 'what = """\nas in\n[[example]]\n"""')
    assert parse_rule(text, "x", examples=False).what == "as in [[example]]"


def test_broken_lines_of_prose_mean_nothing() -> None:
    text = TEXT.replace('fix = "fix"', 'fix = """\none\ntwo\n\n- three\n  four\n- five\n"""')
    assert parse_rule(text, "x").fix == "one two\n\n- three four\n- five"


def test_files_and_twins(tmp_path: Path) -> None:
    shipped = tmp_path / "rules"
    (shipped / "deep").mkdir(parents=True)
    (shipped / "deep" / "a.toml").write_text(TEXT.replace("NFS900", "NFS101"))
    assert [rule.id for rule in load_rules(shipped)] == ["NFS101"]
    own = tmp_path / "own.toml"
    own.write_text(TEXT.replace("silent-client", "another"))
    assert [rule.id for rule in load_rules(shipped, own=[own])] == ["NFS101", "NFS900"]
    own.write_text(TEXT)
    with pytest.raises(RuleError, match=r"own\.toml: name: silent-client is taken by .*a\.toml"):
        load_rules(shipped, own=[own])
    own.write_text(TEXT.replace("NFS900", "NFS101"))
    with pytest.raises(RuleError, match=r"own\.toml: id: NFS101 is not free: NFS900 to NFS999 belong to your own"):
        load_rules(shipped, own=[own])
    (shipped / "b.toml").write_text(TEXT.replace("NFS900", "NFS101"))
    with pytest.raises(RuleError, match=r"a\.toml: id: NFS101 is taken by .*b\.toml"):
        load_rules(shipped)


def test_no_rules_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(RuleError, match="no rules found in"):
        load_rules(tmp_path)
    with pytest.raises(RuleError, match=r"gone\.toml: cannot be read"):
        load_rule(tmp_path / "gone.toml")
    (tmp_path / "binary.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(RuleError, match=r"binary\.toml: cannot be read"):
        load_rule(tmp_path / "binary.toml")


def test_the_rules_of_an_installation(tmp_path: Path) -> None:
    package = tmp_path / "nfsanalyze"
    package.mkdir()
    (tmp_path / "rules").mkdir()
    with pytest.raises(RuleError, match="no rules found: neither"):
        shipped_folder(package)
    # beside somebody else's project a folder of that name is not ours
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "django-rules"\n')
    with pytest.raises(RuleError):
        shipped_folder(package)
    for strange in ("project = 5", "no toml", ""):
        (tmp_path / "pyproject.toml").write_text(strange)
        with pytest.raises(RuleError):
            shipped_folder(package)
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "nfsanalyze"\n')
    assert shipped_folder(package) == tmp_path / "rules"
    (package / "_rules").mkdir()
    assert shipped_folder(package) == package / "_rules"


@given(st.text())
def test_any_text_is_a_rule_or_an_error(text: str) -> None:
    with pytest.raises(RuleError):
        parse_rule(text, "x.toml")


@given(st.integers(0, len(TEXT)), st.text(max_size=20), st.integers(0, 20))
def test_a_damaged_rule_is_a_rule_or_an_error(at: int, noise: str, lost: int) -> None:
    damaged = TEXT[:at] + noise + TEXT[at + lost :]
    for examples in (True, False):
        try:
            assert isinstance(parse_rule(damaged, "x.toml", examples=examples), Rule)
        except RuleError as error:
            assert "\n" not in str(error)
