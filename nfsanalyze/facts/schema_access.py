"""Tables of the right by which clients call."""

from __future__ import annotations

from nfsanalyze.facts.columns import table

TABLES = (
    table(
        "credentials",
        "One row a connection and RPC credential: what was asked with it, and how much of that can be read.",
        "conn first_frame",
        """
        conn           u32       connection
        client         u32?      client instance
        client_address str       source address
        server_address str       server address
        flavor         u32       RPC authentication flavor: 1 AUTH_SYS, 6 RPCSEC_GSS
        principal      str       sys:uid@machine, gss, or the flavor's number
        gss_service    u32?      RPCSEC_GSS service: 1 none, 2 integrity, 3 privacy
        calls          u64       COMPOUND calls
        sealed         u64       of these, calls whose operations privacy hides
        lease_calls    u64       of these, calls that make, confirm, renew (RENEW) or end a clientid or session
        lease_frame    u64?      first of them
        first_frame    u64       first call
        last_frame     u64       last call
        first          time      time of the first
        last           time      time of the last
        """,
    ),
)
