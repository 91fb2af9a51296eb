"""Findings that explain each other are linked, and no others."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from nfsanalyze.analysis import analyse
from nfsanalyze.engine.causes import CAUSES, linked
from nfsanalyze.engine.finding import Finding
from nfsanalyze.engine.loader import load_rules

SAMPLES = Path(__file__).resolve().parents[2] / "samples"


def finding(
    rule: str, *, client: str | None = "c1", servers: tuple[str, ...] = ("10.0.0.2",), first: int = 0
) -> Finding:
    return Finding(
        id=f"{rule}-{client}",
        rule=rule,
        name=rule.lower(),
        severity="high",
        confidence="high",
        title=rule,
        message="",
        client=client,
        servers=servers,
        clientids=(),
        capture="x",
        frames=(1,),
        evidence=(),
        first=first,
        last=first + 10,
        filter="",
        fix="",
        references=(),
    )


def caused(*findings: Finding) -> dict[str, tuple[str, ...]]:
    return {each.rule: each.caused_by for each in linked(findings)}


def test_a_chain_from_the_takeover_to_the_lost_lock() -> None:
    rules = ("NFS208", "NFS312", "NFS301")
    told = caused(*(finding(rule) for rule in rules), finding("NFS302", client=None))
    assert told == {
        "NFS208": ("NFS312-c1",),
        "NFS312": ("NFS301-c1",),
        "NFS301": ("NFS302-None",),
        "NFS302": (),
    }


def test_the_nearest_cause_that_is_found_is_linked() -> None:
    assert caused(finding("NFS208"), finding("NFS302", client=None))["NFS208"] == ("NFS302-None",)


def test_nothing_links_other_clients_other_servers_or_what_came_later() -> None:
    effect = finding("NFS208")
    for stranger in (
        finding("NFS301", client="c2"),
        finding("NFS301", servers=("10.0.0.9",)),
        finding("NFS301", first=100),
    ):
        assert linked([effect, stranger])[0].caused_by == ()


def test_what_is_about_several_clients_explains_the_trouble_of_each() -> None:
    shared = replace(finding("NFS103"), other_clients=("c2",))
    told = linked(
        [shared, finding("NFS208", client="c1"), finding("NFS208", client="c2"), finding("NFS208", client="c3")]
    )
    assert [each.caused_by for each in told[1:]] == [(shared.id,), (shared.id,), ()]


def test_all_the_trouble_of_two_hosts_with_one_owner_leads_back_to_it() -> None:
    told = analyse([str(SAMPLES / "08a-v41-cloned-owner.pcap")]).findings
    (root,) = [each for each in told if each.rule == "NFS103"]
    effects = [each for each in told if each.rule in ("NFS104", "NFS208", "NFS406")]
    assert {each.client for each in effects} == {"c1", "c2"}
    assert {each.caused_by for each in effects} == {(root.id,)}


def test_a_silence_that_the_server_let_pass_lost_nothing() -> None:
    lapse = finding("NFS202")
    assert caused(finding("NFS208"), lapse)["NFS208"] == (lapse.id,)
    assert caused(finding("NFS208"), replace(lapse, severity="low"))["NFS208"] == ()


def test_causes_are_rules_that_exist_and_make_no_circle() -> None:
    known = {rule.id for rule in load_rules()}
    reach = {effect: {rule for level in levels for rule in level} for effect, levels in CAUSES.items()}
    assert reach.keys() | set().union(*reach.values()) <= known
    for effect in reach:
        seen, left = set(), set(reach[effect])
        while left:
            rule = left.pop()
            seen.add(rule)
            left |= reach.get(rule, set()) - seen
        assert effect not in seen, effect


@pytest.mark.parametrize("name", ["02-v40-ucs-takeover.pcapng", "03-v41-takeover.pcap", "01-v40-nonucs-takeover.pcap"])
def test_in_a_real_takeover_all_leads_back_to_it(name: str) -> None:
    found = analyse([str(SAMPLES / name)]).findings
    by_id = {each.id: each for each in found}
    for each in found:
        if each.rule in ("NFS208", "NFS301", "NFS201", "NFS304"):
            root = each
            while root.caused_by:
                root = by_id[root.caused_by[0]]
            assert root.rule in ("NFS302", "NFS101"), each.rule


def test_order_and_all_else_stay() -> None:
    findings = [finding("NFS208"), finding("NFS301")]
    assert [replace(each, caused_by=()) for each in linked(findings)] == findings
