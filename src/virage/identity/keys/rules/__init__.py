"""Public keys, their signatures, and the vault that seals private ones."""
