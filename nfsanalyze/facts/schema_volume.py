"""Tables with a row a message or renewal: as long as the capture, so they are built only where a SELECT names them."""

from __future__ import annotations

from nfsanalyze.facts.columns import table

TABLES = (
    table(
        "rpc",
        "One row an RPC message. Built only where a query or rule names it.",
        "frame part",
        """
        frame          u64       frame that holds its last byte
        part           u32       its place among the messages that end in that frame, from 0
        time           time      time of that frame
        conn           u32       connection
        client         u32?      client instance
        client_address str       address of the NFS client, also for callbacks
        server_address str       address of the NFS server
        kind           str       COMPOUND, CB_COMPOUND, NULL, CB_NULL, other
        direction      str       call, reply
        xid            u32       transaction id
        call_frame     u64?      of a reply: frame of its call
        reply_frame    u64?      of a call: frame of its reply
        prog           u32       RPC program
        minor_version  u32?      minor version of a COMPOUND
        ops            u32       operations announced (numops, numres)
        status         i32?      nfsstat4 of a COMPOUND reply; below 0 the RPC layer refused the call
        status_name    str?      its name
        marks          list[str] CUT, LOST, ENCRYPTED, UNKNOWN_OP, RETRANSMITTED, RESYNCED, MALFORMED
        """,
    ),
    table(
        "ops",
        "One row each operation that renews a lease, fails, or names state. Built only where a query or rule names it.",
        "frame part index",
        """
        frame          u64       frame of its message
        part           u32       place of the message among those that end in that frame, from 0
        index          u32       place in the COMPOUND, from 0
        time           time      time of the message
        conn           u32       connection
        client         u32?      client instance
        client_address str       address of the NFS client
        server_address str       address of the NFS server
        direction      str       call, reply
        op             str       name of the operation
        status         i32?      nfsstat4; null in a call
        status_name    str?      its name
        clientid       str?      clientid it names, 0x + 16 digits
        session_id     bin?      session it names
        stateid        bin?      stateid.other it names
        write_verifier bin?      verifier of a WRITE or COMMIT reply
        slot           u32?      sa_slotid of a SEQUENCE
        sr_status_flags u32?     of a SEQUENCE reply
        """,
    ),
    table(
        "renewals",
        "One row each accepted renewal of a lease. Built only where a query or rule names it.",
        "lease time frame",
        """
        lease          u32       lease
        client         u32       client instance
        clientid       str       0x + 16 digits
        frame          u64       frame of the renewal
        time           time      its time
        conn           u32       connection
        server_address str       address it went to
        gap_s          f64?      seconds since the renewal before; null for the first
        """,
    ),
)
