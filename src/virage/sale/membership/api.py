"""Commands and reads of membership for other domains."""

from virage.sale.membership.acts.importing import ImportResult as ImportResult
from virage.sale.membership.acts.importing import import_members as import_members
from virage.sale.membership.acts.joining import PURPOSE as PURPOSE
from virage.sale.membership.acts.joining import Joining as Joining
from virage.sale.membership.acts.joining import JoinRequest as JoinRequest
from virage.sale.membership.acts.joining import MembershipMoney as MembershipMoney
from virage.sale.membership.acts.joining import join as join
from virage.sale.membership.acts.members import claim as claim_members
from virage.sale.membership.acts.members import erased as forget_memberships
from virage.sale.membership.acts.tiers import set_tier as set_tier
from virage.sale.membership.acts.tiers import set_windows as set_windows
from virage.sale.membership.reads.books import moved as money_moved
from virage.sale.membership.reads.emails import membership_email as membership_email
from virage.sale.membership.reads.members import export as export_memberships
from virage.sale.membership.reads.windows import EarlySales as EarlySales
