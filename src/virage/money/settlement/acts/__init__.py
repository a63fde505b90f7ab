"""Acts of settlement."""
