"""ONC RPC over TCP (RFC 5531)."""
