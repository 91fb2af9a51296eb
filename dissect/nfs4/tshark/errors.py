"""What goes wrong with tshark."""

from __future__ import annotations


class TsharkError(Exception):
    """tshark is missing, too old or failed. One line that says what to do."""
