"""Public acts and reads of the fiscal journal."""

from virage.money.fiscal.acts import lock_heads as lock_heads
from virage.money.fiscal.acts.archives import Archives as Archives
from virage.money.fiscal.acts.records import Plan as Plan
from virage.money.fiscal.acts.records import close as close_records
from virage.money.fiscal.acts.records import plan as plan_records
from virage.money.fiscal.acts.records import without as records_without
from virage.money.fiscal.acts.records import write as write_records
from virage.money.fiscal.jobs import ClosingJobs as ClosingJobs
from virage.money.fiscal.reads import closings_listed as closings_listed
from virage.money.fiscal.reads import heads_of as heads_of
from virage.money.fiscal.reads import last_closings as last_closings
from virage.money.fiscal.reads.archive import archive as archive
from virage.money.fiscal.reads.closings import closed_through as closed_through
from virage.money.fiscal.reads.closings import tills as tills_with_records
from virage.money.fiscal.routes.periods import DAYS_MAX as DAYS_MAX
from virage.money.fiscal.routes.periods import EVER as EVER
from virage.money.fiscal.routes.periods import FOREVER as FOREVER
from virage.money.fiscal.routes.periods import From as From
from virage.money.fiscal.routes.periods import FromDay as FromDay
from virage.money.fiscal.routes.periods import OfEvent as OfEvent
from virage.money.fiscal.routes.periods import To as To
from virage.money.fiscal.routes.periods import ToDay as ToDay
from virage.money.fiscal.routes.periods import check_days as check_days
from virage.money.fiscal.routes.periods import check_times as check_times
