"""NFSv4 from bytes to messages: captures, link layers, TCP streams, RPC records, COMPOUNDs.

    from dissect.nfs4.capture import open_capture
    from dissect.nfs4.exact import exact

    with open_capture("case.pcapng") as capture:
        for batch in exact(capture):
            ...

The folder above is shared with other `dissect.*` distributions and must stay without an `__init__.py` (PEP 420).
"""
