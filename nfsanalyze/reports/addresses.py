"""IP addresses in text that people read and write."""

from __future__ import annotations

import ipaddress
import re

_CANDIDATE = re.compile(r"(?<!\w)[0-9A-Fa-f:.]{2,45}(?!\w)")


def canonical(address: str) -> str:
    """The address as the tables spell it; what is no address stays as it is."""
    try:
        return str(ipaddress.ip_address(address))
    except ValueError:
        return address


def addresses_in(text: str) -> list[str]:
    """IP addresses in a text, each once, in the order met."""
    found: dict[str, None] = {}
    for match in _CANDIDATE.finditer(text):
        word = match.group()
        # an address may stand before a colon or at the end of a sentence
        for candidate in (word, word.rstrip(":."), word.rpartition(":")[0]):
            try:
                found[str(ipaddress.ip_address(candidate))] = None
            except ValueError:
                continue
            break
    return list(found)
