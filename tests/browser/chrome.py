"""Headless Chromium through the DevTools protocol, over two pipes: no port, no driver, no library.

Chromium reads commands from descriptor 3 and writes answers and events to descriptor 4, each a JSON text ended by a
zero byte.
"""

from __future__ import annotations

import base64
import json
import os
import select
import shutil
import subprocess
import time
from pathlib import Path
from types import TracebackType
from typing import Any

_FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
    "--remote-debugging-pipe",
)
_PATIENCE = 60.0


class PageError(Exception):
    """A script of the test failed in the page."""


class Chrome:
    """One browser with one page."""

    def __init__(self, folder: Path) -> None:
        program = shutil.which("chromium")
        assert program, "chromium is missing: apt-get install chromium"
        here_out, there_in = os.pipe()
        there_out, here_in = os.pipe()
        # a shell moves the pipes to the two descriptors that Chromium expects
        command = f'exec "$0" "$@" 3<&{here_out} 4>&{here_in}'
        self._process = subprocess.Popen(
            ["bash", "-c", command, program, *_FLAGS, f"--user-data-dir={folder}", "about:blank"],
            pass_fds=(here_out, here_in),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "HOME": str(folder)},
        )
        os.close(here_out)
        os.close(here_in)
        self._write, self._read = there_in, there_out
        self._buffer = b""
        self._number = 0
        self.events: list[dict[str, Any]] = []
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self._session: str | None = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network", "Audits"):
            self.call(f"{domain}.enable")

    def __enter__(self) -> Chrome:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self._session = None
        self.call("Browser.close")
        os.close(self._write)
        os.close(self._read)
        self._process.wait(_PATIENCE)

    _session: str | None = None

    def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        """Send a command and wait for its answer; events on the way are kept."""
        self._number += 1
        message: dict[str, Any] = {"id": self._number, "method": method, "params": parameters}
        if self._session is not None:
            message["sessionId"] = self._session
        os.write(self._write, json.dumps(message).encode() + b"\0")
        number = self._number
        while True:
            answer = self._next(_PATIENCE)
            if answer.get("id") == number:
                assert "error" not in answer, (method, answer["error"])
                result: dict[str, Any] = answer["result"]
                return result

    def _next(self, patience: float) -> dict[str, Any]:
        end = time.monotonic() + patience
        while b"\0" not in self._buffer:
            ready, _, _ = select.select([self._read], [], [], max(0.0, end - time.monotonic()))
            assert ready, "Chromium does not answer"
            read = os.read(self._read, 1 << 20)
            assert read, "Chromium is gone"
            self._buffer += read
        text, _, self._buffer = self._buffer.partition(b"\0")
        message: dict[str, Any] = json.loads(text)
        if "method" in message:
            self.events.append(message)
        return message

    def open(self, path: Path) -> None:
        """Load a file, until its scripts have run and its first frame is drawn."""
        self.events.clear()
        self.call("Page.navigate", url=path.as_uri())
        while not any(event["method"] == "Page.loadEventFired" for event in self.events):
            self._next(_PATIENCE)
        self.frame()

    def frame(self) -> None:
        """Wait until what was asked for is drawn."""
        self.js("await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")

    def js(self, body: str) -> Any:
        """Run the body of an async function in the page; what it returns. It may use `$` and `$$`."""
        prelude = "const $ = (s) => document.querySelector(s), $$ = (s) => [...document.querySelectorAll(s)];"
        done = self.call(
            "Runtime.evaluate",
            expression=f"(async () => {{ {prelude} {body} }})()",
            awaitPromise=True,
            returnByValue=True,
        )
        if "exceptionDetails" in done:
            raise PageError(done["exceptionDetails"])
        return done["result"].get("value")

    def size(self, width: int, height: int) -> None:
        """Size of the window."""
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)
        self.frame()

    def scheme(self, name: str) -> None:
        """What the system prefers: light or dark."""
        self.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": name}])

    def wheel(self, x: float, y: float, down: float, *, control: bool = False) -> None:
        """Turn the wheel at a place of the window."""
        self.call(
            "Input.dispatchMouseEvent",
            type="mouseWheel",
            x=x,
            y=y,
            deltaX=0,
            deltaY=down,
            modifiers=2 if control else 0,
        )
        self.frame()

    def mouse(self, kind: str, x: float, y: float, *, pressed: bool = False) -> None:
        """Move, press or release."""
        button = "none" if kind == "mouseMoved" and not pressed else "left"
        self.call("Input.dispatchMouseEvent", type=kind, x=x, y=y, button=button, buttons=int(pressed), clickCount=1)

    def click(self, x: float, y: float) -> None:
        """Click at a place of the window."""
        self.mouse("mouseMoved", x, y)
        self.mouse("mousePressed", x, y, pressed=True)
        self.mouse("mouseReleased", x, y)
        self.frame()

    def key(self, name: str) -> None:
        """Press a key."""
        self.call("Input.dispatchKeyEvent", type="keyDown", key=name, code=name)
        self.call("Input.dispatchKeyEvent", type="keyUp", key=name, code=name)
        self.frame()

    def screenshot(self) -> bytes:
        """The window as PNG."""
        return base64.b64decode(self.call("Page.captureScreenshot", format="png")["data"])

    def pdf(self) -> bytes:
        """The page as printed on A4."""
        done = self.call("Page.printToPDF", paperWidth=8.27, paperHeight=11.69, preferCSSPageSize=True)
        return base64.b64decode(done["data"])

    def troubles(self) -> list[str]:
        """What the page complained of: errors, refusals by its policy, and whatever it tried to fetch."""
        told = []
        for event in self.events:
            method, values = event["method"], event["params"]
            if method == "Runtime.exceptionThrown":
                told.append(f"exception: {values['exceptionDetails']}")
            elif method == "Runtime.consoleAPICalled":
                told.append(f"console: {values['args']}")
            elif method == "Log.entryAdded":
                told.append(f"log: {values['entry']['text']}")
            elif method == "Audits.issueAdded":
                told.append(f"issue: {values['issue']}")
            elif method == "Network.requestWillBeSent" and not values["request"]["url"].startswith("file:"):
                told.append(f"fetches {values['request']['url']}")
        return told
