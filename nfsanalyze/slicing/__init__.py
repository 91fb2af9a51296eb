"""Slices: the packets of a capture that are needed to see one of its findings, as a capture of their own."""
