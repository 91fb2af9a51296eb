"""What the user declares of server addresses: that they are one server, or that they are not.

It is evidence like any other, weaker than what only one instance can do (hand out ids of one series, accept another
address's session) and stronger than what a network can imitate (a MAC). It speaks of the addresses where they are at
home: what a takeover makes of them, the capture tells.
"""

from __future__ import annotations

from itertools import combinations

from dissect.nfs4.dataclass import dataclass

IMITABLE = frozenset({"mac", "write-verifier"})
"""Proofs that yield to the declaration that two addresses are different servers: proxy ARP, verifiers of a volume."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Declared:
    """Groups of addresses: each `one` server, or each address of it a server of its own (`apart`)."""

    one: tuple[frozenset[str], ...] = ()
    apart: tuple[frozenset[str], ...] = ()

    def says(self, address: str, other: str) -> bool | None:
        """Whether the two are one server; None where nothing is declared of them."""
        pair = {address, other}
        if any(pair <= group for group in self.one):
            return True
        return False if any(pair <= group for group in self.apart) else None

    def pairs(self) -> list[tuple[str, str, bool]]:
        """(lower address, higher address, one server), sorted, each once."""
        found = set()
        for groups, one in ((self.one, True), (self.apart, False)):
            for pair in (pair for group in groups for pair in combinations(sorted(group), 2)):
                found.add((*pair, one))
        return sorted(found)


NOTHING = Declared()


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of a declaration. `outcome`: used (nothing else tells), agrees (the capture shows it too),
    contradicted (the capture shows otherwise, and holds), unused (it tells nothing here), not-seen (an address is not
    in the capture)."""

    address_a: str
    address_b: str
    one: bool
    outcome: str
