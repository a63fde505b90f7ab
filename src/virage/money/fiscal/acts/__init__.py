"""Acts on records and closings. A caller that appends records locks the heads of their chains first."""

from virage.money.fiscal.store import lock_heads

__all__ = ["lock_heads"]
