"""Rule files put to the test: each fault with its file, and no fault hides another."""

from __future__ import annotations

from pathlib import Path

import pytest
from engine.small import TEXT

from nfsanalyze.engine.loader import load_rules, shipped_folder
from nfsanalyze.engine.rule import RuleError
from nfsanalyze.engine.trial import Trial, trials

SHIPPED = load_rules(examples=False)


def tried(folder: Path, **texts: str) -> list[Trial]:
    for name, text in texts.items():
        (folder / f"{name}.toml").write_text(text)
    return list(trials([folder], SHIPPED))


def test_a_good_file_has_no_fault(tmp_path: Path) -> None:
    (trial,) = tried(tmp_path, a=TEXT)
    assert (trial.faults, trial.source) == ((), str(tmp_path / "a.toml"))


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ('severity = "medium"', 'severity = "hihg"', 'a.toml:5: severity: "hihg" is none of note, low'),
        ("id = ", "id ", "a.toml: not TOML: "),
        ("frames, first", "frmes, first", 'detect: no column "frmes"; did you mean "frames"?'),
        ("FROM leases", "FROM read_csv('x')", "detect: read_csv() is not allowed"),
        (
            "frames = [7] }]\ntables",
            "frames = [8] }]\ntables",
            'NFS900 example "fires" finding 1: frames is [7], not [8]',
        ),
        (
            "client = 1, frames",
            "client = 1, lease = 'x', frames",
            "a.toml: example \"fires\" leases: lease = 'x' is not u32",
        ),
        ('id = "NFS900"', 'id = "NFS500"', "a.toml: id: NFS500 is not free: NFS900 to NFS999 belong to your own rules"),
        ('name = "silent-client"', 'name = "lease-gap"', "a.toml: name: lease-gap is taken by "),
    ],
)
def test_every_kind_of_fault_is_told(tmp_path: Path, old: str, new: str, fault: str) -> None:
    assert old in TEXT
    (trial,) = tried(tmp_path, a=TEXT.replace(old, new, 1))
    line, *_ = trial.faults
    assert fault in line
    assert line.startswith(str(tmp_path / "a.toml"))


def test_one_bad_file_hides_nothing_of_the_others(tmp_path: Path) -> None:
    other = TEXT.replace("NFS900", "NFS901").replace("silent-client", "other")
    done = tried(tmp_path, a="no", b=TEXT, c=TEXT, d=other)
    assert [bool(trial.faults) for trial in done] == [True, False, True, False]
    assert "id: NFS900 is taken by" in done[2].faults[0]


def test_a_configuration_is_no_rule(tmp_path: Path) -> None:
    (tmp_path / "nfsanalyze.toml").write_text("lease_time = 90")
    assert len(tried(tmp_path, a=TEXT)) == 1


def test_nowhere_and_nothing(tmp_path: Path) -> None:
    with pytest.raises(RuleError, match=r"no rules found in .*gone: no such file or folder"):
        trials([tmp_path / "gone"], SHIPPED)
    with pytest.raises(RuleError, match="no rules found in"):
        trials([tmp_path], SHIPPED)


def test_our_own_rules_can_be_tried_where_they_lie() -> None:
    path = next(shipped_folder().rglob("NFS202.toml"))
    (trial,) = trials([path], SHIPPED)
    assert trial.faults == ()
