"""Tables of filesystems that moved (RFC 7530 section 8, RFC 8881 section 11), and of where servers sent their clients."""

from __future__ import annotations

from nfsanalyze.facts.columns import table

TABLES = (
    table(
        "migrations",
        "What servers said of filesystems that are elsewhere now, and what each client did about it.",
        "first_frame client kind",
        """
        client         u32?      client instance
        client_address str       source address
        server_address str       server address
        minor_version  u32       minor version
        kind           str       moved (operations answered MOVED), lease-moved (LEASE_MOVED, or the SEQUENCE flag of that name)
        referral       bool      met by LOOKUP only: a filesystem that was never here, and that nobody need enter
        first_frame    u64       first reply that says so
        last_frame     u64       last one
        first          time      time of the first
        last           time      time of the last
        count          u64       replies that say so
        asked_frame    u64?      reply that told the client fs_locations afterwards
        asked          time?     its time
        listed         list[str] servers named there, escaped
        followed_frame u64?      first NFS or SYN to one of them afterwards; to any other server where names, not addresses, are listed
        followed_address str?    that server
        elsewhere      bool      the capture shows this client at other server addresses too
        lease_time_s   f64       lease time that applies
        until          time      end of what can be seen of the client
        """,
    ),
    table(
        "fs_locations",
        "Servers named in fs_locations: one row a reply and server, with what came of connecting to it.",
        "frame server",
        """
        frame          u64       GETATTR reply
        time           time      its time
        client         u32?      client instance
        client_address str       address of the client that was told
        server_address str       address that told
        server         str       server as named, escaped
        address        str?      the same as an address, where it is one
        rootpath       str       path there, escaped
        tries          u64       connections the client opened to it afterwards, or tried to
        connected      u64       of these answered, or established as far as the client's segments show
        try_frames     list[u64] first frames of those that nobody answered
        last_try       time?     time of the last of them
        """,
    ),
    table(
        "migrated_state",
        "State that a client carried to another server after a move and that was refused there.",
        "frame",
        """
        frame          u64       frame of the refusal
        call_frame     u64?      frame of the call
        time           time      time of the refusal
        client         u32?      client instance
        from_address   str       address that had granted the stateid
        address        str       address that refused it
        stateid        bin       stateid.other
        kind           str       open, lock, delegation
        status_name    str       its name
        name           str?      file name, escaped
        uniform        bool?     the client sends both servers the same owner
        moved_frame    u64       reply that said MOVED or LEASE_MOVED
        asked_frame    u64?      reply that told the client where to go
        """,
    ),
)
