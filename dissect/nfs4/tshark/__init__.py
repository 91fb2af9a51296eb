"""The fallback: what nothing here can open is opened by tshark, read through pyshark, in a process of its own.

    with Spool() as spool:
        for frame in capture:
            spool.add(frame, frame.number)
        unwrapper = Assisted(unwrapped(tshark(), spool))

tshark only unwraps: what comes back are TCP segments, or whole RPC messages where they went over RDMA. Its dissection
of NFS is not used. Nothing is imported here, for the other process is to start at once.
"""
