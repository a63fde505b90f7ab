"""Food and shop: what outlets sell, how tills write it down, and what is closed and archived of it."""
