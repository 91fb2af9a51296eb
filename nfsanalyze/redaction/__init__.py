"""Originals replaced by stand-ins under a key, before any fact is drawn: what is above the seam never sees them.

Every stand-in comes of a permutation, so that no two originals become one, and is as long as its original and of the
same kind of characters, so that formats are recognised and bytes can be replaced where they stand.
"""
