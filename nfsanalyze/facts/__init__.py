"""Direct readings of the trace, and the contract of the fact tables."""
