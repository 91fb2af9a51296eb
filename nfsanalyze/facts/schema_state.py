"""Tables of leases, sessions, refusals and recoveries."""

from __future__ import annotations

from nfsanalyze.facts.columns import table

TABLES = (
    table(
        "leases",
        "One row a lease: one clientid at one server instance; a clientid renewed at two addresses of one instance is one lease.",
        "lease",
        """
        lease          u32       number, by first frame
        client         u32       client instance
        head           u32?      server instance
        head_since     time      from when it is proven that other addresses share that instance
        server_address str       address where it was established (or first seen)
        minor_version  u32       minor version
        clientid       str       0x + 16 digits
        origin_seen    bool      the capture shows how it was established
        established_frame u64?   reply that granted the clientid
        confirmed_frame u64?     reply that confirmed it
        confirmed      time?     time of that
        first          time      first sign of it
        last_renewal   time?     last accepted renewal
        renewals       u64       accepted renewals, over all connections and addresses
        longest_gap_s  f64?      longest time between two of them
        lease_time_s   f64       lease time that applies
        lease_time_source str    getattr, option, assumed
        held_state     bool?     it held opens, locks or delegations; null = cannot be told
        end            str       open (alive at the end), replaced, destroyed, expired, stale, moved, restarted, client-restarted, silent
        end_frame      u64?      frame that shows the end
        end_time       time?     time of that
        after_takeover bool      established at an address after it moved to this instance
        frames         list[u64] frames that prove it: grant, confirm, first and last renewal
        """,
    ),
    table(
        "lease_pairs",
        "Two leases of one client, minor version and server instance, both renewed after the later began. Of the leases held when another begins the 32 that began last are paired with it.",
        "lease other_lease",
        """
        lease          u32       lease that began first (confirmed, or first seen)
        other_lease    u32       the later one
        client         u32       client instance
        head           u32       server instance
        minor_version  u32       minor version
        first          time      from when both were held; where their addresses differ, and these were proven to be one instance
        last           time      last accepted renewal of the one that was renewed no longer
        origin_seen    bool      the capture shows how one of them was established, or both
        data_server    bool      one of them is with a pNFS data server (which is nothing else)
        same_flavor    bool?     their owners came with credentials of one kind (sys, gss, none); null = cannot be told
        owners_apart   bool      their owners are of no known format and differ in more than the server's address
        """,
    ),
    table(
        "renewal_runs",
        "Accepted renewals in runs: one connection, one way of renewing.",
        "lease first_frame conn how",
        """
        lease          u32       lease
        conn           u32       connection
        server_address str       address they went to
        how            str       explicit (RENEW), sequence, state (an operation with the clientid or a stateid)
        first_frame    u64       first
        last_frame     u64       last
        first          time      time of the first
        last           time      time of the last
        count          u64       renewals
        longest_gap_s  f64       longest silence inside the run
        longest_gap_frame u64    frame after that silence
        """,
    ),
    table(
        "renewal_bins",
        "Accepted renewals of a lease at an address, counted in equal stretches: few rows, however many renewals.",
        "lease server_address first_frame",
        """
        lease          u32       lease
        server_address str       address they went to
        first_frame    u64       first renewal in the stretch
        first          time      time of that
        last           time      time of the last one in it
        count          u64       renewals in it
        """,
    ),
    table(
        "lease_gaps",
        "Silences of a lease longer than its lease time, over all its connections and addresses.",
        "last_frame lease",
        """
        lease          u32       lease
        client         u32       client instance
        server_address str       address of the attempt that ends it, else of the lease
        last_frame     u64       last accepted renewal before the silence
        next_frame     u64?      first accepted renewal, or first refused attempt, after it
        first          time      time of last_frame
        last           time      time of next_frame, or the end of the capture
        gap_s          f64       seconds between
        lease_time_s   f64       lease time that applies
        assumed        bool      the lease time was not seen
        excused        str?      unanswered, moved, restarted, changed (one of these two): the server explains it; replaced: the client had moved on
        held_state     bool?     as in leases, at the beginning of the silence
        after          str       continued, expired, badsession, stale, revoked, end
        after_frame    u64?      frame that shows `after`
        """,
    ),
    table(
        "sessions",
        "One row a session.",
        "first_frame session_id",
        """
        session_id     bin       session id
        session_text   str       the same in hex
        clientid       str?      clientid it belongs to
        client         u32?      client instance
        server_address str       address where it was made or first seen
        server_addresses list[str] all addresses it was used at
        connections    u32       connections that carried it
        backchannel    bool?     a connection serves its callbacks; null = creation not seen
        first_frame    u64       first frame
        last_frame     u64       last frame
        first          time      time of the first frame
        last           time      time of the last frame
        created_frame  u64?      reply that made it
        destroyed_frame u64?     reply that ended it
        refused_frame  u64?      first reply that says the session is not known
        followed       bool      after its last frame another one of its clientid was made at its address
        """,
    ),
    table(
        "state_errors",
        "Replies that say a clientid, session or state is not (or no longer) good, and SEQUENCE status flags that say so.",
        "frame op",
        """
        frame          u64       frame of the reply
        call_frame     u64?      frame of the call
        time           time      time of the reply
        conn           u32       connection
        client         u32?      client instance
        server_address str       server address
        minor_version  u32       minor version
        op             str       operation that failed (SEQUENCE for flags)
        status         i32?      nfsstat4; null where only flags speak
        status_name    str       its name, e.g. NFS4ERR_STALE_CLIENTID; or SEQ4_STATUS_… joined by |
        sr_status_flags u32?     flags of a successful SEQUENCE
        clientid       str?      clientid concerned
        session_id     bin?      session concerned
        stateid        bin?      stateid.other concerned
        lone_free_stateid bool   FREE_STATEID, TEST_STATEID, or CLOSE and DELEGRETURN after a recovery: normal noise
        """,
    ),
    table(
        "recoveries",
        "What a client did after it was told its clientid or session is gone.",
        "first_frame client",
        """
        recovery       u32       number
        client         u32       client instance
        server_address str       address it recovers at
        minor_version  u32       minor version
        uniform        bool?     the owner it sent is uniform
        takeover       u32?      takeover or restart that made it necessary
        takeover_kind  str?      kind of that
        trigger_status i32       first refusal
        trigger_frame  u64       its frame
        trigger_session_id bin?  session refused
        first_frame    u64       first frame
        last_frame     u64       last frame
        first          time      time of the trigger
        last           time      time of its last step
        old_clientid   str?      clientid that was lost
        new_clientid   str?      clientid answered
        new_frame      u64?      reply that gave it
        new_session_id bin?      session made
        live_at        str?      other address where new_clientid was already live for this client
        live_lease     u32?      lease it is there
        live_frame     u64?      last renewal of it there before
        confirm_frame  u64?      SETCLIENTID_CONFIRM or CREATE_SESSION of the recovery
        detection      str       none, done, collapsed, session-trunking, client-id-trunking, not-visible
        detection_frame u64?     frame that shows it
        reclaims       u32       reclaims tried
        reclaims_failed u32      reclaims refused for good
        complete_already_frame u64?  RECLAIM_COMPLETE answered COMPLETE_ALREADY
        busy_frame     u64?      first later DESTROY_CLIENTID answered CLIENTID_BUSY
        outcome        str       recovered, recovered-with-loss, session-only, failed, repeated, open
        seconds        f64       from trigger to last step
        frames         list[u64] frames that tell the story
        """,
    ),
    table(
        "reclaims",
        "Every attempt to reclaim an open, delegation or lock.",
        "frame",
        """
        frame          u64       frame of the call
        reply_frame    u64?      frame of the reply
        time           time      time of the call
        client         u32?      client instance
        server_address str       server address
        recovery       u32?      recovery it belongs to
        op             str       OPEN or LOCK
        claim          str       CLAIM_PREVIOUS, CLAIM_DELEGATE_PREV, LOCK reclaim
        status         i32?      nfsstat4, null = reply not seen
        status_name    str?      its name
        final          bool      refused for good (NO_GRACE, RECLAIM_BAD, RECLAIM_CONFLICT), and not accepted later
        name           str?      file name, where an OPEN of the handle was seen, escaped
        filehandle     bin?      file handle
        """,
    ),
    table(
        "lost_state",
        "Opens, locks and delegations that a client lost, by file where it is known.",
        "frame kind name",
        """
        frame          u64       frame that shows the loss
        time           time      its time
        client         u32?      client instance
        server_address str       server address
        recovery       u32?      recovery it belongs to
        kind           str       open, lock, delegation, state
        status_name    str       NFS4ERR_NO_GRACE, NFS4ERR_BAD_STATEID …, or that it was never reclaimed
        name           str?      file name, escaped
        filehandle     bin?      file handle
        """,
    ),
    table(
        "trunking",
        "Every time a client found, or could have found, two addresses to be one server.",
        "frame address",
        """
        client         u32       client instance
        address        str       address newly contacted
        other_address  str       address it was compared with
        minor_version  u32       minor version
        kind           str       collapsed, client-id-trunking, session-trunking, distinct
        in_recovery    bool      during a recovery: not the detection done at first contact
        frame          u64       frame that completes it
        frames         list[u64] request, answer, completion
        """,
    ),
)
