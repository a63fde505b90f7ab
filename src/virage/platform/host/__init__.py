"""The processes of one machine: the embedded database, and the children of `virage run`."""
