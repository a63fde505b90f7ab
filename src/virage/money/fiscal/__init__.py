"""What tills write, kept for the law: records numbered and chained, closings signed, archives that anybody verifies."""
