"""What is done with records and closings; whoever writes a record of its own locks the heads of its chain first."""

from virage.money.fiscal.store import lock_heads

__all__ = ["lock_heads"]
