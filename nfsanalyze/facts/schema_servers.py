"""Tables of what server instances say of themselves, and of what they were asked to mean for each other."""

from __future__ import annotations

from nfsanalyze.facts.columns import table

TABLES = (
    table(
        "server_identities",
        "One row a run of EXCHANGE_ID replies of one address that name the same server owner and scope.",
        "first_frame address",
        """
        address        str       server address
        so_major_id    bin       server owner
        major_text     str       the same, escaped
        so_minor_id    u64       server owner
        eir_server_scope bin     server scope
        scope_text     str       the same, escaped
        answers        u64       replies in the run
        first_frame    u64       first reply of the run
        last_frame     u64       last reply of the run
        first          time      time of the first
        last           time      time of the last
        before_frame   u64?      last reply of the run before it at this address; null for the first run
        before_major_text str?   server owner of that run, escaped
        before_scope_text str?   scope of that run, escaped
        major_changed  bool      so_major_id differs from that of the run before
        major_anew     bool      a client was told it that had been told another one there before
        scope_changed  bool      eir_server_scope differs from that of the run before
        scope_anew     bool      a client was told it that had been told another one there before
        takeover       u32?      change of the instance behind the address to which it belongs
        takeover_kind  str?      kind of that
        """,
    ),
    table(
        "identity_clashes",
        "Pairs of addresses that name one server owner and scope and are seen to be two instances at one time.",
        "first address_a address_b proof",
        """
        address_a      str       lower address
        address_b      str       higher address
        major_text     str       server owner that both name, escaped
        scope_text     str       scope that both name, escaped
        proof          str       instance (halves of clientids accepted at the same time differ), write-verifier (the same of WRITE and COMMIT)
        value_a        str       instance half or verifier at the lower address, hex in wire order
        value_b        str       the same at the higher address
        first          time      from when both were seen
        last           time      until when
        frames         list[u64] EXCHANGE_ID replies of both, and the uses that show two instances
        """,
    ),
    table(
        "lease_time_changes",
        "Lease times that differ where a client must take them for one: at one address, across a move, or under one identity.",
        "after_frame address kind",
        """
        address        str       address whose clients are concerned
        other_address  str?      address that shows the other value, where it is another
        kind           str       told (the address itself told two values), moved (the instance it moved to has another), claimed (two addresses of one server owner and scope)
        before_s       f64       lease time before, or at `address`
        after_s        f64       lease time after, or at `other_address`
        before_frame   u64       GETATTR reply that shows the first
        after_frame    u64       GETATTR reply that shows the second
        first          time      time of the earlier of the two
        last           time      time of the later of the two, and of the move
        takeover       u32?      move it goes with
        """,
    ),
    table(
        "purges",
        "EXCHANGE_IDs with a verifier of all ones, by which Linux throws its state away, after a clientid that lives at another address too.",
        "frame",
        """
        frame          u64       frame of the EXCHANGE_ID
        reply_frame    u64?      frame of its reply
        time           time      time of the EXCHANGE_ID
        client         u32       client instance
        address        str       address it went to
        clientid       str       clientid that this address had answered before as confirmed
        answer_frame   u64       frame of that answer
        live_at        str       other address at which that clientid was alive
        live_frame     u64       last use accepted there before the answer
        harmed_frame   u64?      refusal of that clientid, its session or its state at `live_at` after the purge
        moved          bool      the address had moved to the instance that answered
        """,
    ),
)
