"""Why a capture cannot be read. Every message is one line: which capture, what is wrong, what to do."""

from __future__ import annotations


class CaptureError(Exception):
    """Base of all that `open_capture` raises."""


class UnreadableCapture(CaptureError):
    """The operating system gives no bytes: missing, a directory, no permission, an I/O error at the start."""


class EmptyCapture(CaptureError):
    """No bytes, or so few that not even the file header is whole."""


class NotACapture(CaptureError):
    """The bytes are of no capture format known here."""


class UnsupportedFormat(CaptureError):
    """A capture or a compression that is recognised and not read; the message names the tool that converts it."""


class UnknownFormat(NotACapture):
    """The bytes are of nothing known here: perhaps of a capture format that has no magic."""


class ForeignFormat(UnsupportedFormat):
    """A capture of a format that other programs can convert."""
