"""Commands and reads of renewals for other domains."""

from virage.sale.seasons.acts.holders import erased as forget_renewals
from virage.sale.seasons.reads.attendance import attendance_email as attendance_email
from virage.sale.seasons.reads.emails import renewal_email as renewal_email
from virage.sale.seasons.reads.fans import export as export_renewals
