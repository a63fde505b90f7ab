"""Acts of the books: sales statistics, concessionaires and their contracts."""
