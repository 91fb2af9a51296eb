"""What is inferred: clients, heads, leases, takeovers, recoveries. No I/O; facts in, tables out."""
