"""Tables of sessions at work: slots, status flags, callbacks, connections that come and go."""

from __future__ import annotations

from nfsanalyze.facts.columns import table

TABLES = (
    table(
        "sequence_flags",
        "Runs of SEQUENCE replies of one session that carry the same status flag, one row a run and flag.",
        "first_frame flag",
        """
        flag           str       SEQ4_STATUS_ name without that prefix: CB_PATH_DOWN, LEASE_MOVED …
        session_id     bin       session
        clientid       str?      clientid it belongs to
        client         u32?      client instance
        server_address str       address that sent the first of them
        first_frame    u64       first reply with the flag
        last_frame     u64       last reply of the run
        first          time      time of the first
        last           time      time of the last
        count          u64       replies in the run
        cleared_frame  u64?      first reply of the session without the flag afterwards
        """,
    ),
    table(
        "slot_errors",
        "SEQUENCEs refused for their slot or connection: SEQ_MISORDERED, SEQ_FALSE_RETRY, BADSLOT, CONN_NOT_BOUND_TO_SESSION.",
        "frame",
        """
        frame          u64       frame of the reply
        call_frame     u64?      frame of the call
        time           time      time of the reply
        conn           u32       connection
        client         u32?      client instance
        client_address str       source address
        server_address str       server address
        session_id     bin?      session, where the call is seen
        slot           u32?      sa_slotid, where the call is seen
        status         i32       nfsstat4
        status_name    str       its name
        made_at        str?      address at which the session was made
        other_address  str?      another client address that uses the same session
        other_frame    u64?      a frame in which it does
        recovered_frame u64?     first SEQUENCE accepted on the slot afterwards
        """,
    ),
    table(
        "trunk_attempts",
        "Sessions refused at an address other than the one they were made at, while they were good there.",
        "frame",
        """
        frame          u64       frame of the refused call
        reply_frame    u64       frame of the refusal
        time           time      time of the refusal
        client         u32?      client instance
        session_id     bin       session
        clientid       str?      clientid it belongs to
        made_at        str       address at which it was made
        address        str       address at which it was refused
        op             str       SEQUENCE or BIND_CONN_TO_SESSION
        status         i32       nfsstat4
        status_name    str       its name
        claimed        bool?     both addresses had named one server owner and scope; null = not seen of both
        claim_frames   list[u64] EXCHANGE_ID replies that say so, or the contrary
        live_frame     u64       last use accepted at `made_at` before
        accepted_frame u64?      first use accepted at `address` afterwards
        """,
    ),
    table(
        "version_refusals",
        "COMPOUNDs refused with MINOR_VERS_MISMATCH, and what the client did next.",
        "frame",
        """
        frame          u64       frame of the reply
        call_frame     u64?      frame of the call
        time           time      time of the reply
        client         u32?      client instance
        client_address str       source address
        server_address str       server address
        minor_version  u32?      minor version that was asked for
        next_version   u32?      minor version of the client's next accepted request there
        next_frame     u64?      reply that accepted it
        """,
    ),
    table(
        "reconnects",
        "Series of connections of one client to one server address that ended without a single successful COMPOUND.",
        "first_frame client_address server_address",
        """
        client         u32?      client instance
        client_address str       source address
        server_address str       server address
        connections    u64       connections in the series
        most_a_minute  u64       most of them begun within 60 s
        refused        u64       of these ended by the server (RST), or never answered
        first_frame    u64       first frame of the first
        last_frame     u64       last frame of the last
        first          time      time of the first frame
        last           time      time of the last frame
        frames         list[u64] first frames of all
        """,
    ),
    table(
        "stalls",
        "Recoveries that were begun and not finished, by clients that fell silent while a connection stayed up.",
        "trigger_frame client",
        """
        recovery       u32       recovery
        client         u32       client instance
        server_address str       address it recovers at
        step           str       how far it came: refused, identified, confirmed
        trigger_frame  u64       refusal that began it
        last_frame     u64       last NFS message of the client there
        first          time      time of the trigger
        last           time      time of the last NFS message
        alive_frame    u64       last segment of the client on a connection to that address, or its next NFS message
        until          time      time of that
        silence_s      f64       seconds between the two
        lease_time_s   f64       lease time that applies
        """,
    ),
    table(
        "callbacks",
        "Every call of a server to its client: CB_NULL, CB_RECALL and others.",
        "frame",
        """
        frame          u64       frame of the call
        reply_frame    u64?      frame of the answer
        time           time      time of the call
        conn           u32       connection
        client         u32?      client instance
        client_address str       address of the NFS client
        server_address str       address of the NFS server
        minor_version  u32?      minor version; null for CB_NULL
        op             str       CB_NULL, CB_RECALL, or CB_COMPOUND where it holds neither
        stateid        bin?      stateid.other recalled
        status         i32?      nfsstat4 of the answer; null = none, or refused by the RPC layer
        status_name    str?      its name
        refused        str?      why the RPC layer refused it: AUTH_ERROR, RPC_MISMATCH, PROG_UNAVAIL …
        returned_frame u64?      DELEGRETURN of the stateid recalled
        revoked_frame  u64?      frame that shows it revoked: DELEG_REVOKED, FREE_STATEID, or SEQUENCE flags that say so
        lease_time_s   f64       lease time that applies
        waited_s       f64?      recall to DELEGRETURN; without one to the end of what can be seen
        until          time?     end of that: what was seen until then is what the outcome rests on
        outcome        str?      of a recall: returned, late (after the lease time), revoked, missing (nothing came in a lease time), given-up (the client does not hold it), moved (the server went away), open (the capture ends first)
        """,
    ),
    table(
        "callback_paths",
        "Where NFSv4.0 clients asked to be called back: one row a client, server address and callback location.",
        "frame",
        """
        frame          u64       first SETCLIENTID that registered it
        last_frame     u64       last of them
        first          time      time of the first
        client         u32       client instance
        client_address str       source address
        server_address str       server address
        clientid       str?      clientid it is for
        cb_address     str?      address of the universal address; null where there is none
        cb_port        u32?      port of it
        cb_program     u32?      program
        cb_ident       u32?      callback_ident
        unroutable     str?      why no server can reach it: no address, any address, loopback, port 0, program 0
        own            bool?     the address is one the client is seen to use
        delegations    u64       delegations granted to the client there
        tries          u64       connections the server opened to it, or tried to
        connected      u64       of these answered
        calls          u64       callbacks sent over them
        answered       u64       of these answered
        failed_frames  list[u64] connections not answered: first frame of each
        answered_frame u64?      first answered connection or callback
        """,
    ),
    table(
        "callback_downs",
        "Signs that a server cannot reach its client: one row a client, server address and kind of sign.",
        "first_frame client how",
        """
        client         u32?      client instance
        server_address str       server address
        minor_version  u32       minor version
        how            str       renew (RENEW answered CB_PATH_DOWN), sequence (SEQ4_STATUS_CB_PATH_DOWN or _SESSION), unanswered (attempts to connect, or callbacks)
        first_frame    u64       first sign
        last_frame     u64       last sign
        first          time      time of the first sign; of what was never answered, from when that holds
        last           time      time of the last sign; of what was never answered, until when that holds
        count          u64       signs
        delegations    u64       delegations the client was granted there
        frames         list[u64] frames that show it, first and last
        """,
    ),
    table(
        "backchannels",
        "One row an NFSv4.1 session whose creation is seen: whether callbacks can come over any connection of it.",
        "created_frame session_id",
        """
        session_id     bin       session
        clientid       str       clientid it belongs to
        client         u32?      client instance
        server_address str       address at which it was made
        asked          bool      csa_flags asked for CONN_BACK_CHAN
        granted        bool      csr_flags granted it
        created_frame  u64       reply that made it
        bound_frame    u64?      last BIND_CONN_TO_SESSION accepted with a back channel
        lost_frame     u64?      end of the last connection that had the back channel, with the session used on
        used_frame     u64?      last SEQUENCE accepted without a back channel
        first          time      creation, or the loss
        last           time?     time of used_frame
        without_s      f64       seconds from first to last
        uses           u64       SEQUENCEs accepted in that time
        """,
    ),
)
