"""Acts and reads of passes that other domains may use."""

from virage.identity.passes.acts import BindingRequest as BindingRequest
from virage.identity.passes.acts import BoundPass as BoundPass
from virage.identity.passes.acts import PaperPass as PaperPass
from virage.identity.passes.acts import PrintRequest as PrintRequest
from virage.identity.passes.acts import Relocation as Relocation
from virage.identity.passes.acts import UnseatedMove as UnseatedMove
from virage.identity.passes.acts import bind as bind
from virage.identity.passes.acts import clear_entered as clear_entered
from virage.identity.passes.acts import issue as issue
from virage.identity.passes.acts import mark_entered as mark_entered
from virage.identity.passes.acts import print_paper as print_paper
from virage.identity.passes.acts import rebind as rebind
from virage.identity.passes.acts import reinstate as reinstate
from virage.identity.passes.acts import relocate as relocate
from virage.identity.passes.acts import revoke as revoke
from virage.identity.passes.acts import suspend as suspend
from virage.identity.passes.inspect import inspect as inspect
from virage.identity.passes.inspect import keys_of as keys_of
from virage.identity.passes.paper import PaperTicket as PaperTicket
from virage.identity.passes.paper import paper_pdf as paper_pdf
from virage.identity.passes.reads import PassState as PassState
from virage.identity.passes.reads import at_gate as at_gate
from virage.identity.passes.reads import changed as changed
from virage.identity.passes.reads import counts_by_part as counts_by_part
from virage.identity.passes.reads import of_groups as of_groups
from virage.identity.passes.reads import states as states
