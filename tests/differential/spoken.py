"""What a frame says, in the terms that both decoders share, and where two readings of it differ."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, fields
from typing import Any


@dataclass(kw_only=True, slots=True)
class Spoken:
    """The RPC messages of one frame, all of them together in the order of the wire."""

    messages: list[tuple[int, bool]] = field(default_factory=list)
    "xid, and whether it is a reply"
    answers: list[int] = field(default_factory=list)
    "frames of the calls that the replies answer"
    operations: list[int] = field(default_factory=list)
    callback_operations: list[int] = field(default_factory=list)
    statuses: list[int] = field(default_factory=list)
    "nfsstat4 as they stand on the wire: of a COMPOUND, of its operations, of the stateids tested"
    clientids: list[str] = field(default_factory=list)
    sessions: list[str] = field(default_factory=list)
    announced: list[int] = field(default_factory=list)
    "numops and numres of COMPOUNDs, not of callbacks"


def differences(ours: Spoken, theirs: Spoken) -> list[str]:
    """One phrase for each field that differs, "more here" where one reading goes further than the other.

    The order counts where a frame holds one message; where it holds several, what they say together. Fields of frames
    in which not even the messages are the same are not compared.
    """
    if Counter(ours.messages) != Counter(theirs.messages):
        return [_phrase("messages", ours.messages, theirs.messages, ordered=False)]
    ordered = len(ours.messages) == 1
    phrases = []
    for each in fields(Spoken):
        mine, other = getattr(ours, each.name), getattr(theirs, each.name)
        if mine != other and (ordered or Counter(mine) != Counter(other)):
            phrases.append(_phrase(each.name.replace("_", " "), mine, other, ordered=ordered))
    return phrases


def _phrase(name: str, ours: list[Any], theirs: list[Any], *, ordered: bool) -> str:
    if _goes_on(ours, theirs, ordered=ordered):
        return f"{name}: more here"
    if _goes_on(theirs, ours, ordered=ordered):
        return f"{name}: more in tshark"
    return f"{name}: other"


def _goes_on(longer: list[Any], shorter: list[Any], *, ordered: bool) -> bool:
    if ordered:
        return longer[: len(shorter)] == shorter
    return Counter(shorter) <= Counter(longer)
