"""The fast decoder: frames, segments, records and messages by the chunk, as columns; equal in all rows to `exact`.

What is regular (whole segments in order, records of plain COMPOUNDs) is read by NumPy for all connections together;
what is not goes through the classes of the exact decoder, which also hold the state of every connection between chunks.
"""

from dissect.nfs4.columnar.decode import columnar

__all__ = ["columnar"]
