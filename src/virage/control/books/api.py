"""What other domains may do with books, and read of it."""

from virage.control.books.acts.concessionaires import put as put_concessionaire
from virage.control.books.acts.concessionaires import put_terms as put_terms
from virage.control.books.acts.figures import rebuild as rebuild_figures
from virage.control.books.jobs import FigureJobs as FigureJobs
from virage.control.books.reads.accounting import journal_of as journal_of
from virage.control.books.reads.statements import concessionaires as concessionaires
from virage.control.books.reads.takings import TillAstray as TillAstray
from virage.control.books.reads.takings import tills_astray as tills_astray
