"""The trail's seal: each tenant's events in one order, a Merkle tree over them, signed checkpoints."""
