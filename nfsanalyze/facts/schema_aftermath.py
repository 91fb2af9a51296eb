"""Tables of what followed refusals, restarts and grace periods."""

from __future__ import annotations

from nfsanalyze.facts.columns import table

TABLES = (
    table(
        "stale_renewals",
        "RENEWs of one clientid told STALE_CLIENTID, in runs: neither a new identity nor an accepted renewal lies between.",
        "first_frame clientid",
        """
        client         u32?      client instance
        client_address str       source address
        server_address str       server address
        clientid       str       0x + 16 digits
        count          u64       refusals in the run
        first_frame    u64       call of the first refused RENEW
        last_frame     u64       reply that refused the last one
        first          time      time of the first call
        last           time      time of the last reply
        period_s       f64?      median time between the calls; null for a single one
        end            str       identity (SETCLIENTID or EXCHANGE_ID followed), accepted (the server knew it again), open
        end_frame      u64?      frame that shows it
        waited_s       f64       from the first refusal to the client's last call to the server before that end
        last_call      time      the client's last call to the server before that end
        last_call_frame u64      its frame
        lease_time_s   f64       lease time that applies
        assumed        bool      it was not seen
        frames         list[u64] calls and refusals
        """,
    ),
    table(
        "graces",
        "Stretches in which an address answered GRACE, without a pause of a minute.",
        "first_frame address",
        """
        address        str       server address
        takeover       u32?      change of the instance behind the address at which it began
        takeover_kind  str?      kind of that
        first_frame    u64       first answer
        last_frame     u64       last answer
        first          time      time of the first
        last           time      time of the last
        seconds        f64       between them
        answers        u64       GRACE answers
        clients        u32       source addresses that were told so
        peak           u64       most answers in any minute
        peak_frame     u64       first answer of that minute
        """,
    ),
    table(
        "late_reclaims",
        "First reclaims of a client after its server changed that were told NO_GRACE, because a grace that the capture shows was over.",
        "frame",
        """
        recovery       u32       recovery it belongs to
        client         u32       client instance
        server_address str       server address
        takeover       u32       change after which it came
        takeover_kind  str       kind of that
        begun_frame    u64       first sign of the new instance
        begun          time      its time
        frame          u64       the reclaim
        reply_frame    u64?      its reply
        time           time      time of the reclaim
        after_s        f64       seconds after the first sign of the new instance
        grace_frame    u64       last sign of the grace: a GRACE, or a reclaim granted to anyone
        grace_last     time      its time
        ended_frame    u64       first new open granted after that
        ended          time      its time
        """,
    ),
    table(
        "reclaim_completes",
        "One row a clientid of v4.1 or later that was new when it was confirmed: RECLAIM_COMPLETE, and OPENs before it.",
        "confirmed_frame clientid",
        """
        client         u32       client instance
        lease          u32       its lease
        server_address str       address it was made at
        addresses      list[str] all addresses of the server at which the clientid was used
        clientid       str       0x + 16 digits
        minor_version  u32       minor version
        data_server    bool      the server is a pNFS data server only
        confirmed_frame u64      reply that confirmed it
        confirmed      time      time of that
        complete_frame u64?      first RECLAIM_COMPLETE (rca_one_fs false) after that
        complete       time?     its time
        complete_status i32?     nfsstat4 of its reply
        first_open_frame u64?    first OPEN that reclaims nothing
        first_open     time?     its time
        grace_answers  u64       OPENs of the longest stretch told GRACE, none granted between, before RECLAIM_COMPLETE
        grace_first_frame u64?   first of these answers
        grace_first    time?     its time
        grace_last_frame u64?    last of them
        grace_last     time?     its time
        grace_s        f64       between them
        last_use       time?     last accepted renewal of the lease
        lease_time_s   f64       lease time that applies
        assumed        bool      it was not seen
        """,
    ),
    table(
        "holdings",
        "One row a recovery that got a new clientid: what the client held when it began, and what it did about that.",
        "recovery",
        """
        recovery       u32       recovery
        client         u32       client instance
        server_address str       server address
        opens          u32       opens held
        locks          u32       locks held
        delegations    u32       delegations held
        held_since     time?     time of the first of the opens
        held_frames    list[u64] OPENs that were held, at most five
        reclaims       u32       reclaims tried
        opened_frame   u64?      first OPEN after the recovery that reclaims nothing
        complete_frame u64?      RECLAIM_COMPLETE after it
        """,
    ),
    table(
        "late_renewals",
        "Silences of a lease longer than nine tenths of its lease time and no longer than all of it, where the lease time is known.",
        "last_frame lease",
        """
        lease          u32       lease
        client         u32       client instance
        server_address str       address where the lease was established
        clientid       str       0x + 16 digits
        minor_version  u32       minor version
        last_frame     u64       renewal before the silence
        next_frame     u64       renewal after it
        first          time      time of last_frame
        last           time      time of next_frame
        gap_s          f64       seconds between
        lease_time_s   f64       lease time that applies
        held_state     bool?     opens, locks or delegations were held then; null = cannot be told
        """,
    ),
)
