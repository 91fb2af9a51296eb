"""TCP: segments to streams, with what is missing from them said (RFC 9293)."""
