"""What tills load, what judges them, and what the office reads of them."""
