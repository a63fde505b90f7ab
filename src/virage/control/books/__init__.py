"""The books: what tills sold, in figures, shifts and statements, and the journal of all money for the accountant."""
