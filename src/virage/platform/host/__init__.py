"""The processes of one machine: the embedded database and whatever is started beside it."""
