"""Acts and reads of access that other domains may use."""

from virage.matchday.access.acts.accreditations import erased as forget_accreditations
from virage.matchday.access.acts.bans import erased as forget_reviewed
from virage.matchday.access.acts.bans import is_banned as is_banned
from virage.matchday.access.reads.accreditations import export as export_accreditations
from virage.matchday.access.reads.attendance import attendance as attendance
from virage.matchday.access.reads.closed_gates import closed_gates as closed_gates
from virage.matchday.access.reads.crowd import Crowd as Crowd
from virage.matchday.access.reads.crowd import CrowdDevice as CrowdDevice
from virage.matchday.access.reads.crowd import GateCrowd as GateCrowd
from virage.matchday.access.reads.crowd import crowd as crowd
from virage.matchday.access.reads.delays import Delays as Delays
from virage.matchday.access.reads.first_entries import first_entries as first_entries
from virage.matchday.access.reads.gate_readings import GateReadings as GateReadings
from virage.matchday.access.reads.history import scans_of_passes as scans_of_passes
from virage.matchday.access.reads.inside import inside_since as inside_since
from virage.matchday.access.reads.inside import is_inside as is_inside
from virage.matchday.access.reads.inside import lock_inside as lock_inside
from virage.matchday.access.rules.board import FLOW_MINUTES as FLOW_MINUTES
