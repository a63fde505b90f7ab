"""How money comes into purses and goes back: bank cards, desks, and what the house gives."""
