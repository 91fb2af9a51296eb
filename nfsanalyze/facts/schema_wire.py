"""Tables that lie close to the wire: captures, connections, MACs, what is missing, notes of frames."""

from __future__ import annotations

from nfsanalyze.facts.columns import table

TABLES = (
    table(
        "captures",
        "One row a capture file.",
        "capture_no",
        """
        capture_no     u32       place in the case: its frames are numbered from capture_no * 10**10
        capture        str       name by which findings cite the capture
        path           str       path as given
        format         str       pcap, pcapng, snoop (with the compression, where there is one)
        snaplen        u32?      smallest snaplen that cut a frame
        packets        u64       records in the file
        first          time?     time of the earliest packet
        last           time?     time of the latest packet
        cut_short      bool      the file ends inside a record
        link_types     list[str] link types met
        snaplen_cut_packets u64  packets captured shorter than they were on the wire
        rpc_messages   u64       RPC messages of any program
        decoded_fast   u64       of these by the columnar decoder
        decoded_exact  u64       by the exact decoder
        decoded_tshark u64       out of what tshark unwrapped
        nfs4_calls     u64       COMPOUND calls, each once
        nfs4_replies   u64       COMPOUND replies, each once
        gaps           u64       holes in NFS streams
        clock_group    u32       captures of one number have clocks that are tied together; between others no order is proven
        clock_tie      str       what ties the clock: first, shared packets, acknowledgements, continued, vouched for, none
        clock_offset_s f64?      seconds added to the capture's times to have those of the case; null where nothing ties it
        clock_uncertainty_s f64? seconds by which that may be wrong
        copies         u64       packets left out because another capture shows them too
        """,
    ),
    table(
        "connections",
        "One row a TCP connection that carried RPC, or tried to reach a server known for NFS.",
        "conn",
        """
        conn           u32       number of the connection, by first frame
        client_address str       address of the side that calls program 100003
        client_port    u32       its port
        server_address str       address of the side that answers
        server_port    u32       its port
        callback       bool      a v4.0 callback connection: the NFS server is the caller (client_* is still the NFS client)
        first_frame    u64       first frame seen
        last_frame     u64       last frame seen
        first          time      time of the first frame
        last           time      time of the last frame
        syn_frame      u64?      frame of the SYN, null when the capture starts later
        answered       bool      the server side sent at least one segment other than RST
        end            str       open, fin, rst_client, rst_server, silent (client retransmits or calls without answer at the end)
        end_frame      u64?      frame of the FIN or RST, or of the last answer before the silence
        calls          u64       COMPOUND calls
        replies        u64       COMPOUND replies
        flavor         u32?      RPC authentication flavor most used
        gss_service    u32?      highest RPCSEC_GSS service used: 1 none, 2 integrity, 3 privacy
        machinename    str?      AUTH_SYS machinename, escaped
        """,
    ),
    table(
        "links",
        "Which MAC spoke for which address, in runs.",
        "first_frame address",
        """
        address        str       IP address
        mac            str       MAC, colon form
        adjacent       bool      ARP or neighbour advertisement binds the two: the MAC is the host's own, not a router's
        gratuitous     bool      announced without being asked
        routed         bool      a TTL shows a router between, whatever ARP says: the MAC is nobody's own
        first_frame    u64       first frame of the run
        last_frame     u64       last frame of the run
        first          time      time of the first
        last           time      time of the last
        """,
    ),
    table(
        "blind",
        "What the capture cannot show, where and when: the ground of every `not evaluable`.",
        "first_frame kind",
        """
        client_address str?      client concerned, null = any
        server_address str?      server address concerned, null = any
        conn           u32?      connection concerned, null = any
        kind           str       origin (before the capture), calls, replies (not captured), loss, snaplen, encrypted, undecoded, ambiguous, disorder, end
        first_frame    u64       first frame of the blind stretch
        last_frame     u64       last frame of it
        first          time      time it begins
        last           time      time it ends
        reason         str       a clause a person can read
        """,
    ),
    table(
        "events",
        "What each frame of interest shows, one line a frame: the notes of evidence come from here.",
        "frame",
        """
        frame          u64       frame
        time           time      its time
        client         u32?      client instance
        address        str?      server address
        kind           str       operation or event
        note           str       one line
        conn           u32?      connection that carried it
        what           str?      call, reply, SYN, SYN-ACK, FIN, RST; null = neither a message nor one of these
        sender         str?      client, server: the NFS client or server that sent it, callbacks too
        answer_frame   u64?      of a call: frame of its reply; of a reply: frame of its call
        """,
    ),
    table(
        "decode_notes",
        "What our decoders could not decode, and why: what stayed closed, and what tshark opened.",
        "capture decoder reason",
        """
        capture        str       capture
        decoder        str       exact, fast, tshark
        reason         str       why
        decoded        bool      tshark opened the frames, and our decoder read what was in them
        count          u64       how often
        first_frame    u64?      first time
        last_frame     u64?      last time, of what tshark opened
        """,
    ),
)
