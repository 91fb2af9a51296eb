"""Tables of what became of identities: grants, and boot verifiers that change."""

from __future__ import annotations

from nfsanalyze.facts.columns import table

TABLES = (
    table(
        "grants",
        "One row a clientid granted in an answer: what confirmed it, what it followed, how long it was used.",
        "frame",
        """
        frame          u64       frame of the SETCLIENTID or EXCHANGE_ID
        reply_frame    u64       frame of the answer that granted it
        time           time      time of the call
        client         u32       client instance
        client_address str       source address
        server_address str       address that granted it
        head           u32?      server instance that answered
        minor_version  u32       minor version
        op             str       SETCLIENTID or EXCHANGE_ID
        owner          bin       nfs_client_id4.id or co_ownerid
        owner_text     str       the same, escaped
        owner_complete bool      false when the capture holds only part of it
        verifier       str       boot verifier, 0x + 16 digits
        clientid       str       0x + 16 digits
        coined         bool      the clientid holds the second in which it was given out: another server may give out the same
        two_owners     bool      the same operation of the same server instance granted it to another owner too
        already_confirmed bool   EXCHGID4_FLAG_CONFIRMED_R
        tried_frame    u64?      first SETCLIENTID_CONFIRM or CREATE_SESSION for it, at whatever address
        tried_at       str?      address that went to
        tried_time     time?     its time
        tried_status   i32?      nfsstat4 of its reply
        confirmed_frame u64?     reply that confirmed it; the answer itself where it says CONFIRMED_R
        confirmed      time?     time of that
        superseded_frame u64?    the client asked again with the owner at the address before it tried to confirm
        previous_clientid str?   the clientid its owner had confirmed at the address before
        previous_end   str?      why that was given up: moved (another instance answers, or several in turn), destroyed, restarted (the client), refused, lapsed (silent for longer than the lease time), live (none of these)
        previous_frame u64?      frame that shows it
        used_frame     u64?      last accepted use over connections that can only be this owner's
        used           time?     time of that
        """,
    ),
    table(
        "verifier_changes",
        "One row each time an owner comes to a server address with another boot verifier than before.",
        "frame",
        """
        frame          u64       request with the new verifier
        before_frame   u64       last request with the one before
        time           time      time of the request
        client         u32       client instance that sent it
        before_client  u32       client instance of the request before
        client_address str       source address
        before_address str       source address of the request before
        server_address str       server address
        minor_version  u32       minor version
        owner_text     str       the owner, escaped
        verifier       str       the new verifier, 0x + 16 digits
        before_verifier str      the one before
        returns        bool      the new one is one that the owner had shown there earlier: they take turns
        shared_frame   u64?      use of the new identity on a connection that the one before had used: no restart lies between
        alive_frame    u64?      use of the identity before, on a connection of its own, after the new one came: both run
        alive          time?     time of that
        """,
    ),
)
