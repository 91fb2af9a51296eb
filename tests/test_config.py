"""`nfsanalyze.toml`: strict, and every fault in one line with file and field."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nfsanalyze.config import Config, ConfigError, find_config, parse_config
from nfsanalyze.engine.ignore import Ignore

WHOLE = """
select = ["NFS1", "lease"]
lease_time = 45
fail_on = "high"
rules = ["nfs-rules", "../common"]
ports = [20049]

[[ignore]]
rule = "NFS102"
reason = "test  clients\\nonly"
client = "10.0.0.011"

[[ignore]]
rule = "session"
reason = "known to the vendor"
server = "FE80::0001"

[heads]
one_server = [["10.0.0.1", "10.0.0.2"]]
different_servers = [["10.0.0.1", "10.0.0.3", "10.0.0.4"]]
"""


def test_everything_it_may_say() -> None:
    config = parse_config(WHOLE.replace("10.0.0.011", "10.0.0.11"), "nfsanalyze.toml", Path("/site"))
    assert (config.file, config.select, config.lease_time_s, config.fail_on, config.ports) == (
        "nfsanalyze.toml",
        ("NFS1", "lease"),
        45.0,
        "high",
        (20049,),
    )
    assert config.rules == (Path("/site/nfs-rules"), Path("/site/../common"))
    assert config.ignore == (
        Ignore(rule="NFS102", reason="test clients only", client="10.0.0.11"),
        Ignore(rule="session", reason="known to the vendor", server="fe80::1"),
    )
    assert config.heads.says("10.0.0.2", "10.0.0.1") is True
    assert config.heads.says("10.0.0.3", "10.0.0.4") is False
    assert config.heads.says("10.0.0.2", "10.0.0.3") is None


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("lease_tme = 5", 'x.toml:1: lease_tme: is unknown; did you mean "lease_time"?'),
        (
            "\n\nfail_on = 'hihg'",
            'x.toml:3: fail_on: "hihg" is none of note, low, medium, high, critical; did you mean "high"?',
        ),
        ("zzz = 5", "x.toml:1: zzz: is unknown; there are select, ignore, lease_time, fail_on, rules, ports, heads"),
        ("lease_time = 'long'", "x.toml:1: lease_time: 'long' is not a number of seconds"),
        ("lease_time = true", "x.toml:1: lease_time: True is not a number of seconds"),
        ("lease_time = 0", "x.toml:1: lease_time: 0 is not a number of seconds"),
        ("lease_time = nan", "x.toml:1: lease_time: nan is not a number of seconds"),
        ("ports = [0]", "x.toml:1: ports: is not a list of numbers from 1 to 65535"),
        ("ports = 2049", "x.toml:1: ports: is not a list of numbers from 1 to 65535"),
        ("select = 'NFS1'", "x.toml:1: select: is not a list of texts"),
        ("rules = [5]", "x.toml:1: rules: is not a text"),
        ("ignore = ['NFS102']", "x.toml:1: ignore: is not a list of tables: write [[ignore]]"),
        (
            "\n[[ignore]]\nrule = 'NFS102'",
            "x.toml:2: ignore 1 reason: is missing; say why, for whoever reads the report",
        ),
        ("[[ignore]]\nrule = 'NFS102'\nreason = ' '", "x.toml:1: ignore 1 reason: is empty"),
        ("[[ignore]]\nreason = 'why'", "x.toml:1: ignore 1 rule: is missing"),
        ("[[ignore]]\nrule = 'a'\nreson = 'b'", 'x.toml:1: ignore 1 reson: is unknown; did you mean "reason"?'),
        (
            "[[ignore]]\nrule = 'a'\nreason = 'b'\nclient = 'web01'",
            'x.toml:1: ignore 1 client: "web01" is not an IP address',
        ),
        ("heads = 5", "x.toml:1: heads: is not a table: write [heads]"),
        ("[heads]\none_sever = []", 'x.toml:1: heads one_sever: is unknown; did you mean "one_server"?'),
        ("[heads]\none_server = ['10.0.0.1']", "x.toml:1: heads one_server: is not a list of lists of addresses"),
        (
            "[heads]\none_server = [['10.0.0.1', '10.0.0.1']]",
            "x.toml:1: heads one_server: a group needs two addresses or more",
        ),
        ("[heads]\none_server = [['a', 'b']]", 'x.toml:1: heads one_server: "a" is not an IP address'),
        (
            "[heads]\none_server = [['10.0.0.1', '10.0.0.2']]\ndifferent_servers = [['10.0.0.2', '10.0.0.1']]",
            "x.toml:1: heads: 10.0.0.1 and 10.0.0.2 are declared to be one server, and to be different ones",
        ),
        ("lease_time 5", "x.toml: not TOML: "),
    ],
)
def test_a_fault_is_one_line(text: str, fault: str) -> None:
    with pytest.raises(ConfigError) as raised:
        parse_config(text, "x.toml", Path())
    line = str(raised.value)
    assert line.startswith(fault)
    assert "\n" not in line


def test_where_it_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert find_config() == Config()
    (tmp_path / "nfsanalyze.toml").write_text("lease_time = 45")
    assert find_config() == Config(file="nfsanalyze.toml", lease_time_s=45.0)
    (tmp_path / "other.toml").write_text("lease_time = 9\nrules = ['mine']")
    other = find_config(tmp_path / "other.toml")
    assert (other.lease_time_s, other.rules) == (9.0, (tmp_path / "mine",))
    with pytest.raises(ConfigError, match=r"gone\.toml: cannot be read: No such file"):
        find_config(tmp_path / "gone.toml")


@settings(max_examples=60)
@given(st.integers(0, len(WHOLE)), st.text(max_size=12), st.integers(0, 12))
def test_a_damaged_configuration_is_one_or_an_error(at: int, noise: str, lost: int) -> None:
    try:
        parse_config(WHOLE[:at] + noise + WHOLE[at + lost :], "x.toml", Path())
    except ConfigError as error:
        assert "\n" not in str(error)
