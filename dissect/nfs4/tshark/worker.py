"""The process in which pyshark runs: it works neither inside nor after another asyncio loop.

    python -m dissect.nfs4.tshark.worker

One line of JSON comes in: tshark, the file, and whether octets are wanted. One line a packet goes out, and at the end
one with tshark's exit status. It is started in a folder of its own: pyshark would take a program's path from a file
`config.ini` in the current folder.
"""

from __future__ import annotations

import asyncio
import json
import sys
from typing import Any

from dissect.nfs4.tshark import layers, messages
from dissect.nfs4.tshark.packet import answer

_PREFERENCES = {
    "ip.defragment": "TRUE",
    "ipv6.defragment": "TRUE",
    "tcp.try_heuristic_first": "TRUE",
    "rpc.dissect_unknown_programs": "TRUE",
}
_DECODE_AS = {"tcp.port==2049": "rpc"}
_PATIENCE_S = 60


def main() -> None:
    """Read the order from standard input, and answer on standard output."""
    order = json.loads(sys.stdin.readline())
    out = sys.stdout
    for told in _answers(order["tshark"], order["file"], raw=order["raw"]):
        out.write(json.dumps(told, separators=(",", ":")) + "\n")
    out.flush()


def _answers(tshark: str, file: str, *, raw: bool) -> Any:
    from pyshark import FileCapture, ek_field_mapping

    class Capture(FileCapture):  # type: ignore[misc]
        """Waits for tshark to end: pyshark kills it once its output has ended, and so never knows how it would."""

        status: int | None = None

        async def _cleanup_subprocess(self, process: Any) -> None:
            self.status = await asyncio.wait_for(process.wait(), _PATIENCE_S)

    # Values are read as tshark wrote them, so pyshark need not ask it for their types, nor keep them at home.
    ek_field_mapping.MAPPING._protocol_to_mapping = {"frame": {"properties": {}}}
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    wanted = (*layers.NEEDED, *messages.NEEDED) if raw else layers.NEEDED
    capture = Capture(
        file,
        keep_packets=False,
        use_ek=True,
        include_raw=raw,
        tshark_path=tshark,
        eventloop=loop,
        decode_as=_DECODE_AS,
        override_prefs=_PREFERENCES,
        custom_parameters=["-J", " ".join(wanted)],
    )
    for packet in capture:
        yield answer(packet)
    capture.close()
    yield {"status": capture.status, "said": capture._last_error_line}


if __name__ == "__main__":
    main()
