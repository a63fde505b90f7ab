"""Commands and reads of draws for other domains."""

from virage.sale.draws.acts.entering import erased as forget_entries
from virage.sale.draws.reads.emails import draw_email as draw_email
from virage.sale.draws.reads.fans import export as export_entries
