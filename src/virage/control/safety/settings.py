"""Settings of safety."""

from typing import Annotated

from msgspec import Struct

from virage.platform.settings import parsing as parse


class SafetySettings(Struct, frozen=True, kw_only=True):
    """How long the control room keeps its data, which figures it shows, and for whom it waits how long."""

    safety_text_days: Annotated[int, parse.positive] = 365
    """Days after which the texts and places of the safety log, counts and pictures are deleted; records stay."""
    safety_receipt_days: Annotated[int, parse.positive] = 30
    """Days after which the receipts of messages are deleted."""
    safety_request_days: Annotated[int, parse.positive] = 30
    """Days after which requests of fans and the answers to them are deleted."""
    safety_accept_s: Annotated[int, parse.positive] = 60
    """Seconds after which an assignment that its team has not accepted is shown as overdue."""
    safety_fresh_s: Annotated[int, parse.positive] = 60
    """Seconds after which a figure of the control room without a newer source is shown as not measured."""
    safety_confirm_s: Annotated[int, parse.positive] = 15
    """Seconds in which a second person may confirm an evacuation before one controller may begin it alone."""
