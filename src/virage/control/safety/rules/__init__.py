"""Rules of safety: incidents, the signed log and its verification, and the egress model."""
