"""One key, and the stand-ins of all that it hides: of a trace, of what users name, and of what is told of files."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from ipaddress import ip_address
from pathlib import PurePosixPath

from dissect.nfs4.batch import Credential
from nfsanalyze.facts.printable import readable
from nfsanalyze.facts.trace import Trace
from nfsanalyze.redaction.address import Addresses
from nfsanalyze.redaction.owner import Owners
from nfsanalyze.redaction.permutation import Permutations
from nfsanalyze.redaction.text import Texts
from nfsanalyze.redaction.values import Values

REDACTED = "redacted"
"""In place of words that a user wrote."""

_ENDING = re.compile(
    r"\.(?:pcapng|pcap\d*|cap|snoop|dmp|trace|trc|erf|ntar|log|txt|json|toml|gz|zst|xz|bz2|lz4)$", re.IGNORECASE
)
_BYTES = re.compile(r" \(its first bytes are [0-9a-f ]*\)")
"""What is said of a file that is no capture (`dissect.nfs4.capture.foreign`)."""
_SCHEME = re.compile(r"[a-z][a-z0-9+.]*://")


class Redactor:
    """Everything that a report shows of names and addresses goes through one of these."""

    def __init__(self, key: str) -> None:
        permutations = Permutations(key.encode("utf-8", "surrogatepass"))
        self.addresses = Addresses(permutations)
        self.texts = Texts(permutations, self.addresses)
        self.owners = Owners(self.texts, self.addresses)
        self.values = Values(self.texts, self.owners)
        self._originals: dict[str, str] = {}

    def address(self, address: str) -> str:
        """The stand-in of an address; what is none is a name."""
        try:
            found = self.addresses.text(address)
        except ValueError:
            return self.words(address)
        self._originals[found] = address
        return found

    def original(self, address: str) -> str:
        """The address that this one stands for, if it was asked for."""
        return self._originals.get(address, address)

    def words(self, text: str) -> str:
        """Of any text, word by word."""
        return self.texts.host(text.encode("utf-8", "surrogateescape")).decode("utf-8", "surrogateescape")

    def path(self, path: str) -> str:
        """Of the name of a file: its depth stays, and the endings that tell its kind."""
        if path == "-":
            return path
        scheme = found.group() if (found := _SCHEME.match(path)) else ""
        return readable(scheme + "/".join(map(self._component, path[len(scheme) :].split("/"))))

    def line(self, line: str, paths: Iterable[str]) -> str:
        """Of a line of ours that names these files as they were given, each once: it would replace stand-ins too."""
        line = _BYTES.sub("", line)
        shown = {path: self.path(path) for path in paths if path not in ("", "-")}
        shown.update({name: self.path(name) for path in list(shown) if len(name := PurePosixPath(path).name) > 1})
        if shown:
            names = "|".join(map(re.escape, sorted(shown, key=len, reverse=True)))
            line = re.sub(rf"(?<!\w)(?:{names})(?!\w)", lambda found: shown[found.group()], line)
        return line

    def know(self, trace: Trace) -> None:
        """Look for the addresses of this case in owners of no known format."""
        self.owners.know(_packed(trace), {each.responder_port for each in trace.connections.values()})

    def trace(self, trace: Trace) -> Trace:
        """The trace as if it had been captured among hosts of other names and addresses."""
        self.know(trace)
        connections = {
            number: replace(
                each,
                initiator_address=self.address(each.initiator_address),
                responder_address=self.address(each.responder_address),
            )
            for number, each in trace.connections.items()
        }
        links = [
            replace(each, address=self.address(each.address), mac=self.addresses.mac(each.mac)) for each in trace.links
        ]
        value = self.values.value
        return replace(
            trace,
            connections=connections,
            credentials=[self._credential(each) for each in trace.credentials],
            links=sorted(links, key=lambda e: (e.frame, e.address, e.mac)),
            details={number: [(at, value(each)) for at, each in told] for number, told in trace.details.items()},
        )

    def _credential(self, credential: Credential | None) -> Credential | None:
        if credential is None or credential.machinename is None:
            return credential
        return replace(credential, machinename=self.texts.host(credential.machinename))

    def _component(self, name: str) -> str:
        stem = name
        while (found := _ENDING.search(stem)) and found.start():
            stem = stem[: found.start()]
        raw = self.texts.name(stem.encode("utf-8", "surrogateescape"))
        return raw.decode("utf-8", "surrogateescape") + name[len(stem) :]


def _packed(trace: Trace) -> set[bytes]:
    """The addresses of a case as bytes."""
    told = {a for c in trace.connections.values() for a in (c.initiator_address, c.responder_address)}
    return {ip_address(address).packed for address in told | {each.address for each in trace.links}}
