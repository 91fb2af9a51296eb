"""Tables of long and short forms, and of the heads that answered them."""

from __future__ import annotations

from nfsanalyze.facts.columns import table

TABLES = (
    table(
        "clients",
        "One row a client instance: one host between two of its boots, one minor version family of owners.",
        "client",
        """
        client         u32       number of the instance, by first frame
        host           u32       number of the host; instances of one host share it
        addresses      list[str] source addresses
        hostnames      list[str] host names: from owners and AUTH_SYS machinenames, escaped
        boot_verifier  str?      0x + 16 digits; null where never seen, or one verifier an address (Solaris)
        implementation str       as recognised from the owner's format, or unknown
        uniform        bool?     the same owner to every server; null = cannot be told
        per_mount      bool      the implementation makes one owner a mount by design (macOS, FreeBSD, libnfs, ms-nfs41)
        same_because   str       why its owners are held to be one client
        replaces       u32?      earlier instance of the host that this one follows (same owner, new verifier)
        replaces_frame u64?      request that shows the new verifier
        first_frame    u64       first frame of its own
        last_frame     u64       last frame of its own
        """,
    ),
    table(
        "client_owners",
        "One row a SETCLIENTID or EXCHANGE_ID: the long form, where it went and what was answered.",
        "frame",
        """
        frame          u64       frame of the call
        reply_frame    u64?      frame of the reply
        time           time      time of the call
        conn           u32       connection
        client         u32       client instance
        client_address str       source address
        server_address str       destination address
        server_port    u32       destination port
        head           u32?      server instance that answered
        minor_version  u32       minor version
        op             str       SETCLIENTID or EXCHANGE_ID
        owner          bin       nfs_client_id4.id or co_ownerid
        owner_text     str       the same, escaped
        owner_complete bool      false when the capture holds only part of it
        owner_line     str       the owner without the server's address, escaped: equal where owners differ in it alone
        form           str       owner format recognised (domain name of the implementation and version range), or unlisted
        uniform        bool?     by its format, or by comparing with other owners of the host
        verifier       str       boot verifier, 0x + 16 digits
        two_owners     bool      its client came from there, to that address, with that verifier and minor version, under another owner too
        principal      str?      credential: sys:uid@machine, gss, none
        embedded_server_address  str?  address inside the owner that is the one it was sent to
        embedded_as    str?      text, packed, differential: how it stands there
        embedded_offset u32?     byte offset of it in the owner
        embedded_client_address  str?  client address inside the owner
        embedded_other_address   str?  address inside the owner that is neither the destination nor the source
        embedded_hostname        str?  host name inside the owner, escaped
        cb_address     str?      callback address (SETCLIENTID)
        cb_port        u32?      callback port
        cb_program     u32?      callback program
        cb_ident       u32?      callback_ident
        eia_flags      u32?      EXCHANGE_ID flags
        status         i32?      nfsstat4 of the reply
        clientid       str?      clientid granted
        confirm_verifier str?    setclientid_confirm of the reply
        holder_address str?      callback address of who holds the owner, as the answer CLID_INUSE names it
        holder_port    u32?      its port
        eir_flags      u32?      EXCHANGE_ID reply flags
        eir_sequenceid u32?      eir_sequenceid
        so_major_id    bin?      server owner
        so_minor_id    u64?      server owner
        eir_server_scope bin?    server scope
        impl_domain    str?      eir_server_impl_id domain, escaped
        impl_name      str?      eir_server_impl_id name, escaped
        """,
    ),
    table(
        "confirms",
        "Every request that makes, binds or ends a clientid or session.",
        "frame",
        """
        frame          u64       frame of the call
        reply_frame    u64?      frame of the reply
        time           time      time of the call
        conn           u32       connection
        client         u32?      client instance
        client_address str       source address
        server_address str       destination address
        op             str       SETCLIENTID_CONFIRM, CREATE_SESSION, BIND_CONN_TO_SESSION, DESTROY_SESSION, DESTROY_CLIENTID, RECLAIM_COMPLETE
        clientid       str?      clientid named or implied
        confirm_verifier str?    SETCLIENTID_CONFIRM's verifier
        session_id     bin?      session named or granted
        sequenceid     u32?      csa_sequence
        flags          u32?      csr_flags; bctsa_dir; rca_one_fs (0 = RECLAIM_COMPLETE for all filesystems)
        status         i32?      nfsstat4 of the reply
        """,
    ),
    table(
        "heads",
        "Which server instance stood behind an address, from when to when. Addresses proven to be one instance share the head.",
        "first_frame address",
        """
        head           u32       number of the server instance, by first frame
        address        str       server address
        first_frame    u64       first frame of the stay
        last_frame     u64       last frame of the stay
        first          time      time it begins
        last           time      time it ends
        instance       str?      instance half of its clientids, hex in wire order
        instance_time  time?     the same as a time, where it decodes as one
        """,
    ),
    table(
        "same_head",
        "Pairs of addresses that were, or were claimed to be, one server instance.",
        "address_a address_b first",
        """
        address_a      str       lower address
        address_b      str       higher address
        first          time      from when it holds
        last           time      until when
        proof          str       mac, write-verifier, instance, trunking, identity, declared (by the user)
        proven         bool      false for identity: equal so_major_id and scope is only a claim
        frames         list[u64] frames that show it
        """,
    ),
    table(
        "declared_heads",
        "What the user declared of two server addresses, and what became of it. Empty without a configuration.",
        "address_a address_b",
        """
        address_a      str       lower address
        address_b      str       higher address
        one_server     bool      declared to be one server; false: declared to be two
        outcome        str       used (nothing else tells), agrees, contradicted (the capture shows otherwise, and holds), unused, not-seen
        """,
    ),
    table(
        "takeovers",
        "Every change of the server instance behind an address.",
        "first_frame address",
        """
        takeover       u32       number
        address        str       address concerned
        kind           str       takeover, failback, restart, undetermined
        from_head      u32?      instance before
        to_head        u32?      instance after
        to_address     str?      another address of the instance after, where known
        time           time      first sign of the new instance
        first_frame    u64       its frame
        outage_s       f64?      last good reply before to first answer after
        score          i32       sum of the weights of the signals
        """,
    ),
    table(
        "signals",
        "What speaks for or against a takeover, with its weight.",
        "takeover frame signal",
        """
        takeover       u32       takeover it belongs to
        address        str       address concerned
        other_address  str?      address it is compared with
        other_frame    u64?      frame that shows it there
        signal         str       S1, S2 … as in the takeover model
        weight         i32       positive speaks for a move, negative against
        frame          u64       frame that shows it
        time           time      its time
        note           str       what that frame shows
        """,
    ),
)
