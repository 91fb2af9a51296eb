"""Rules as data, run over the fact tables."""
