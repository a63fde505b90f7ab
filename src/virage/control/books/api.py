"""Public acts and reads of the books."""

from virage.control.books.acts.concessionaires import put as put_concessionaire
from virage.control.books.acts.concessionaires import put_terms as put_terms
from virage.control.books.acts.sales_statistics import rebuild as rebuild_statistics
from virage.control.books.jobs import StatisticsJob as StatisticsJob
from virage.control.books.reads.accounting import journal_of as journal_of
from virage.control.books.reads.statements import concessionaires as concessionaires
from virage.control.books.reads.takings import TillMismatch as TillMismatch
from virage.control.books.reads.takings import till_mismatches as till_mismatches
