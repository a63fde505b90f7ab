"""Operations on food orders."""
