from collections.abc import Iterator
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.nchan import Nginx
from benchmarks.system import free_port
from virage.media.live.rules.edge import ChannelState, ChannelUpdate, channel_state_of, content_type, pending_update
from virage.platform.web.security import is_local

numbers = st.integers(0, 40)
marks = st.builds(ChannelState, numbers, numbers)


@given(marks)
def test_the_metadata_of_edge_messages_is_parsed(mark: ChannelState) -> None:
    assert channel_state_of(content_type(mark)) == mark


@given(st.text())
def test_marks_of_other_authors_are_ignored(text: str) -> None:
    assert channel_state_of(text) is None or channel_state_of(
        content_type(channel_state_of(text) or ChannelState(0, 0))
    ) == channel_state_of(text)


@given(st.lists(st.tuples(marks, st.booleans())))
def test_each_entry_is_sent_once_in_order_through_kills_at_any_time(steps: list[tuple[ChannelState, bool]]) -> None:
    """In each step the desk publishes; then the edge gets the update, or its worker dies before
    that.
    """
    sent, stands = ChannelState(0, 0), ChannelState(0, 0)
    heard: list[int] = []
    for more, is_alive in [*steps, (ChannelState(0, 0), True)]:
        stands = ChannelState(stands.head + more.head, stands.revision + more.revision)
        due = pending_update(sent, stands)
        if due is not None and is_alive:
            heard += range(due.after + 1, stands.head + 1)
            sent = stands
    assert heard == list(range(1, stands.head + 1))
    assert pending_update(sent, stands) is None


@given(marks)
def test_an_edge_without_messages_gets_the_last_entry_which_reveals_the_gap(stands: ChannelState) -> None:
    due = pending_update(None, stands)
    if stands == ChannelState(0, 0):
        assert due is None
    else:
        assert due == ChannelUpdate(max(0, stands.head - 1), teams=True)


@given(marks, st.integers(1, 9))
def test_an_edge_ahead_of_the_feed_was_filled_from_another_database(stands: ChannelState, ahead: int) -> None:
    assert pending_update(ChannelState(stands.head + ahead, stands.revision), stands) == pending_update(None, stands)


class System(ThreadingHTTPServer):
    """The system behind the edge: it notes the headers of its requests."""

    asked: list[Message]


class Asked(BaseHTTPRequestHandler):
    server: System

    def do_GET(self) -> None:
        self.server.asked.append(self.headers)
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Write no log."""


@pytest.fixture
def system() -> Iterator[System]:
    system = System(("127.0.0.1", 0), Asked)
    system.asked = []
    Thread(target=system.serve_forever, daemon=True).start()
    yield system
    system.shutdown()
    system.server_close()


@pytest.mark.parametrize("path", ["/mailbox", "/metrics/", "/api/replay/clips/1"])
def test_no_request_passes_the_edge_with_another_identity(system: System, tmp_path: Path, path: str) -> None:
    """Neither as the machine itself, which may read metrics and the mailbox, nor as a phone in
    another place.
    """
    nginx = Nginx(tmp_path / "nginx", system.server_port, free_port(), free_port())
    nginx.start()
    try:
        said = {"host": "localhost", "x-forwarded-for": "10.20.3.4", "x-country": "FR"}
        httpx.get(nginx.url + path, headers=said)
    finally:
        nginx.kill()
    (asked,) = system.asked
    assert (asked.get_all("x-forwarded-for"), asked.get("x-country")) == (["10.20.3.4, 127.0.0.1"], None)
    headers = [(name.lower().encode(), value.encode()) for name, value in asked.items()]
    assert not is_local({"client": ("127.0.0.1", 1), "headers": headers})
