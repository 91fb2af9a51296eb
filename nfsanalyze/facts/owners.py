"""Client owner formats of known implementations, and what an owner says about itself.

A format is recognised by a pattern over the bytes. The patterns come from the sources of the implementations;
an owner that fits none is `unlisted` and is still searched for addresses (`embedded`).
"""

from __future__ import annotations

import re

from dissect.nfs4.dataclass import dataclass

IP = rb"(?:\d{1,3}(?:\.\d{1,3}){3}|[0-9A-Fa-f:]*:[0-9A-Fa-f:.]*(?:%[\w.-]+)?)"
ANY_IP = rb"[0-9A-Fa-f.:%]+"


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnerForm:
    """One format. `uniform`: the same string to every server. `verifier_binds`: what a new boot verifier means: a new
    `boot` of the host, or nothing of the kind where it is made per server `address`, `mount`, or per `request`."""

    name: str
    implementation: str
    pattern: re.Pattern[bytes]
    uniform: bool | None
    per_mount: bool = False
    verifier_binds: str = "boot"
    strong: bool = True
    "False where only the length speaks for it"


@dataclass(frozen=True, slots=True, kw_only=True)
class Owner:
    """What one owner says: its form, and the host name and client address written in it."""

    form: str
    implementation: str
    uniform: bool | None
    per_mount: bool
    verifier_binds: str
    hostname: bytes | None
    uniquifier: bytes | None
    client_address: bytes | None
    "what stands where the form has the client's address, which a translator may have changed on the way"
    identity: bytes
    "what stays the same of the owner whatever server, mount or process it is for; empty where nothing does"


def _form(name: str, pattern: bytes, uniform: bool | None, **rest: object) -> OwnerForm:
    return OwnerForm(
        name=name,
        implementation=name.split()[0],
        pattern=re.compile(pattern, re.DOTALL),
        uniform=uniform,
        **rest,  # type: ignore[arg-type]
    )


FORMS: tuple[OwnerForm, ...] = (
    _form(
        "linux 3.7-4.17 v4.0", rb"Linux NFSv4\.0 (?P<cip>" + IP + rb")/(?P<sip>" + IP + rb") (?:tcp|udp|rdma)6?", False
    ),
    _form("linux nconnect patch", rb"Linux NFSv4\.\d nconnect=\d+ (?P<host>[^/ ]+)/.*", False),
    _form("linux v4.0", rb"Linux NFSv4\.0 (?P<host>[^/]+)/(?P<sip>" + IP + rb")", False),
    _form(
        "linux v4.0 with uniquifier", rb"Linux NFSv4\.0 (?P<host>[^/]+)/(?P<uniq>.{1,63})/(?P<sip>" + IP + rb")", False
    ),
    _form("linux uniform", rb"Linux NFSv4\.\d (?P<host>[^/]+)", True),
    _form("linux uniform with uniquifier", rb"Linux NFSv4\.\d (?P<uniq>.{1,63})/(?P<host>[^/]+)", True),
    _form(
        "linux 2.6.25-3.5 v4.0",
        rb"(?P<cip>" + ANY_IP + rb")/(?P<sip>" + ANY_IP + rb") (?:tcp|udp|rdma)6? \S+ \d+",
        False,
    ),
    _form("linux 3.6 v4.0", rb"(?P<cip>" + ANY_IP + rb")/(?P<sip>" + ANY_IP + rb") (?:tcp|udp|rdma)6?", False),
    _form("linux 2.6.31-2.6.33 v4.1", rb"(?P<cip>" + ANY_IP + rb")/(?P<sip>" + ANY_IP + rb") \d+", False),
    _form("linux 2.6.0-2.6.24 v4.0", rb"(?P<cip>" + ANY_IP + rb")/(?P<sip>\d{1,3}(?:\.\d{1,3}){3}) \S+ \d+", False),
    _form("linux 2.6.34-3.6 v4.1", rb"(?P<cip>" + ANY_IP + rb")/(?P<host>[^/]+)\.[^/]*/\d+", None),
    _form(
        "solaris",
        rb"Solaris: (?P<host>[^,]*), NFSv4 kernel client(?: \+referrals)?\x00(?P<sa>.*)",
        False,
        verifier_binds="address",
    ),
    _form(
        "macos",
        rb"(?P<mount>.{4})(?P<mac>.{6})(?P<sa>\x10\x02.{14}|\x1c\x1e.{26})[^\x00]*\x00[^\x00]*\x00?",
        False,
        per_mount=True,
        verifier_binds="mount",
    ),
    _form(
        "freebsd",
        rb"(?P<mount>.{8})(?P<uuid>[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12})",
        None,
        per_mount=True,
        verifier_binds="request",
    ),
    _form("libnfs", rb"Libnfs pid:\d+ \d+.*", None, per_mount=True, verifier_binds="mount"),
    _form(
        "ganesha-proxy",
        rb"(?P<cip>\d{1,3}(?:\.\d{1,3}){3})\(\d+(?:, \d+)?\) - GANESHA NFSv4 Proxy",
        None,
        per_mount=True,
    ),
    _form("dcache-basic-client", rb"(?P<cls>[\w.$]+): [^@]*-\d+@(?P<host>\S+)", True),
    _form("pynfs", rb"(?:client[12]_pid\d+|pynfs\d+_.*)", True, per_mount=True),
    _form("haiku", rb"HAIKU:kernel:(?P<packed>.{4}).{2}.{2}(?P<packedclient>.{4})", False, verifier_binds="request"),
    _form("nfs-rs", rb"nfs-rs-[0-9a-f]+", None, per_mount=True, verifier_binds="mount"),
    _form("freebsd without hostuuid", rb".{24}", None, per_mount=True, verifier_binds="request", strong=False),
    _form("ms-nfs41-client", rb".{16}", None, per_mount=True, verifier_binds="mount", strong=False),
)

UNLISTED = "unlisted"
_PRINTABLE = re.compile(rb"[\x20-\x7e]+\x00?")


def _ip(text: bytes) -> bool:
    return re.fullmatch(IP, text) is not None


def recognise(owner: bytes, *, impl_domain: bytes | None = None) -> Owner:
    """Recognise the format of a client owner (nfs_client_id4.id or co_ownerid).

    A format known by its length alone is taken only for bytes that are no text, or where the client's own
    `eia_client_impl_id` domain confirms it.
    """
    for form in FORMS:
        found = form.pattern.fullmatch(owner)
        if found is None or (not form.strong and not _weakly(form, owner, impl_domain)):
            continue
        groups = found.groupdict()
        if form.name == "linux uniform with uniquifier" and _ip(groups["host"].split(b" ")[0]):
            continue  # nodename/address: a non-uniform form that the earlier patterns did not accept
        host, uniq = groups.get("host"), groups.get("uniq")
        return Owner(
            form=form.name,
            implementation=form.implementation,
            uniform=form.uniform,
            per_mount=form.per_mount,
            verifier_binds=form.verifier_binds,
            hostname=host,
            uniquifier=uniq,
            client_address=groups.get("cip"),
            identity=b"/".join(p for p in (host, uniq, groups.get("uuid"), groups.get("mac")) if p),
        )
    return Owner(
        form=UNLISTED,
        implementation="unknown",
        uniform=None,
        per_mount=False,
        verifier_binds="unknown",
        hostname=None,
        uniquifier=None,
        client_address=None,
        identity=b"",
    )


def _weakly(form: OwnerForm, owner: bytes, impl_domain: bytes | None) -> bool:
    if form.implementation == "ms-nfs41-client":
        return impl_domain == b"msnfs41client.org"
    return _PRINTABLE.fullmatch(owner) is None and impl_domain in (None, b"", b"freebsd.org") and not _sockaddr(owner)


def _sockaddr(owner: bytes) -> bool:
    return any(head in owner for head in (b"\x02\x00\x08\x01", b"\x00\x02\x08\x01", b"\x10\x02\x08\x01"))
