"""`python -m virage.cli`: the same as `virage`."""

from virage.cli import app

app()
