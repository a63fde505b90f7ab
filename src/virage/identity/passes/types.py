"""Structs and pure functions of passes that other domains' rules may import."""

from virage.identity.passes.paper import qr_svg as qr_svg
from virage.identity.passes.rules.binding import Form as Form
from virage.identity.passes.rules.binding import Issue as Issue
from virage.identity.passes.rules.claims import Claims as Claims
from virage.identity.passes.rules.claims import is_gate_group as is_gate_group
from virage.identity.passes.rules.code import STEP_SECONDS as STEP_SECONDS
from virage.identity.passes.rules.code import step_at as step_at
from virage.identity.passes.rules.verification import Unverified as Unverified
from virage.identity.passes.rules.verification import VerificationFailure as VerificationFailure
from virage.identity.passes.rules.verification import Verified as Verified
from virage.identity.passes.rules.verification import verify as verify
