"""Public Structs and pure functions of the books."""

from virage.control.books.rules.accounting import Journal as Journal
from virage.control.books.rules.accounting import journal_table as journal_table
from virage.control.books.rules.concessionaires import ConcessionaireUpdate as ConcessionaireUpdate
from virage.control.books.rules.concessionaires import Terms as Terms
from virage.control.books.settings import BookSettings as BookSettings
