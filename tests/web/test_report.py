"""The after-action report at the desk of the control room: what its links download."""

from io import BytesIO

from playwright.sync_api import Page, expect
from pypdf import PdfReader

from tests.web.system import System
from tests.web.test_access import found_by_axe
from tests.web.test_control import log, room, unique

__all__ = ["room"]


def test_the_desk_downloads_the_report_and_the_anonymous_counts(room: Page, system: System) -> None:
    call = unique()
    log(room, f"medical p1 {call}")
    expect(room.get_by_role("button", name=call)).to_be_visible()
    part = room.get_by_role("region", name="After the event")
    with room.expect_download() as report:
        part.get_by_role("link", name="Report (PDF)").click()
    assert report.value.suggested_filename == f"report-{system.event('match')}.pdf"
    text = PdfReader(BytesIO(report.value.path().read_bytes())).pages[0].extract_text()
    assert "After-action report" in text, "in the language of the screen"
    with room.expect_download() as counts:
        part.get_by_role("link", name="Anonymous counts (CSV)").click()
    assert counts.value.suggested_filename == f"counts-{system.event('match')}.csv"
    rows = counts.value.path().read_text("utf-8").splitlines()
    assert any(row.startswith("incidents_by_kind,medical,") for row in rows)
    assert call not in "".join(rows)
    expect(room.get_by_role("heading", level=1)).to_have_count(1)
    assert found_by_axe(room) == []
