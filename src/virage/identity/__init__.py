"""Who asks and what they carry: people, their roles and devices, passes and their keys."""
