"""No field of bytes of any decoded value is forgotten: it is replaced, or kept on purpose."""

from __future__ import annotations

import dataclasses
from typing import Any, get_args, get_type_hints

import pytest

from dissect.nfs4 import types as t
from dissect.nfs4.types import callback, common, file, identity, session, state
from nfsanalyze.redaction.redactor import Redactor
from nfsanalyze.redaction.values import KEPT

HERE = Redactor("a key of some length")
REACHED = {t.nfs_impl_id4, t.fs_location4, t.fs_locations4}
"""Values that stand in others only, and are replaced with them."""

TYPES = sorted(
    {
        each
        for module in (callback, common, file, identity, session, state)
        for each in vars(module).values()
        if dataclasses.is_dataclass(each) and isinstance(each, type)
    },
    key=lambda each: each.__name__,
)


def holds_bytes(hint: Any) -> bool:
    return hint is bytes or any(map(holds_bytes, get_args(hint))) or hint in TYPES


def test_stateids_are_numbers() -> None:
    assert get_type_hints(t.Stateid) == {"seqid": int, "other": bytes}
    assert "other" in KEPT


@pytest.mark.parametrize("kind", [each for each in TYPES if each not in REACHED], ids=lambda kind: kind.__name__)
def test_every_field_is_decided(kind: type) -> None:
    told = {name for name, hint in get_type_hints(kind).items() if holds_bytes(hint)}
    numbers = {name for name, hint in get_type_hints(kind).items() if hint is t.channel_attrs4}
    assert told - KEPT - numbers == set(HERE.values.fields.get(kind, {}))


@pytest.mark.parametrize("kind", sorted(REACHED, key=lambda kind: kind.__name__), ids=lambda kind: kind.__name__)
def test_what_others_hold_is_replaced_with_them(kind: type) -> None:
    location = t.fs_location4(server=(b"filer.acme", b"10.0.0.2"), rootpath=(b"export", b"figures"))
    places = t.fs_locations4(fs_root=(b"pseudo",), locations=(location,))
    impl = t.nfs_impl_id4(nii_domain=b"acme.example", nii_name=b"box zebra", nii_date=t.nfstime4(seconds=1, nseconds=2))
    said = t.EXCHANGE_ID4args(
        co_verifier=b"12345678", co_ownerid=b"Linux NFSv4.1 web01", eia_flags=1, spa_how=0, eia_client_impl_id=impl
    )
    shown = repr([HERE.values.value(t.GETATTR4resok(lease_time=90, fs_locations=places)), HERE.values.value(said)])
    for original in ("filer", "acme", "10.0.0.2", "export", "figures", "pseudo", "zebra", "web01"):
        assert original not in shown
    assert "12345678" in shown and kind.__name__ in shown


def test_flavors_and_netids_stay() -> None:
    args = t.SETCLIENTID4args(
        verifier=b"v" * 8, id=b"x", cb_program=1, na_r_netid=b"tcp", na_r_addr=b"10.0.0.11.3.9", callback_ident=1
    )
    hidden = HERE.values.value(args)
    assert hidden.na_r_netid == b"tcp"
    assert hidden.na_r_addr == HERE.address("10.0.0.11").encode() + b".3.9"
    assert HERE.values.value(dataclasses.replace(args, na_r_netid=b"acme")).na_r_netid != b"acme"
