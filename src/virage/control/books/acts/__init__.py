"""What keeps the books: records become figures, and concessionaires have their terms."""
