"""Acts and reads of safety for other packages."""

from virage.control.safety.acts.erasure import forget_teams_and_requests as forget_teams_and_requests
from virage.control.safety.reads.entry import backtested as backtested
from virage.control.safety.reads.requests import export_requests as export_requests
