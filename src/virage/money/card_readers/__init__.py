"""Card readers at tills: registration, the payments that they take, and what becomes of captured money."""
