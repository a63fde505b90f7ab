"""Books: sales statistics, shifts, statements of concessionaires, and the accounting journal."""
