"""What other domains' rules may know of passes: its Structs and pure functions."""

from virage.identity.passes.paper import drawn as drawn
from virage.identity.passes.rules.claims import Claims as Claims
from virage.identity.passes.rules.claims import is_gate_group as is_gate_group
from virage.identity.passes.rules.code import STEP_SECONDS as STEP_SECONDS
from virage.identity.passes.rules.code import step_at as step_at
from virage.identity.passes.rules.holding import Form as Form
from virage.identity.passes.rules.holding import Issue as Issue
from virage.identity.passes.rules.verdict import Doubt as Doubt
from virage.identity.passes.rules.verdict import Unverified as Unverified
from virage.identity.passes.rules.verdict import Verified as Verified
from virage.identity.passes.rules.verdict import verify as verify
