"""`virage serve` with short deadlines: tests wait for what takes production ten or twenty seconds."""

from virage.app import web as worker
from virage.cli import serving
from virage.platform.web import bodies

bodies.BODY_S = 0.5
web = worker.web


def serve() -> None:
    """Serve with workers that import this module, so that its deadlines hold there too."""
    server = serving._Server  # noqa: SLF001 - the same server, another application
    serving._Server = lambda _target, **options: server("tests.app.hasty:web", **options)  # type: ignore[assignment,misc]  # noqa: SLF001 - as above
    serving.HEADER_TIMEOUT_MS = 500
    serving.serve(1)


if __name__ == "__main__":
    serve()
