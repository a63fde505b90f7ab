"""Tills: online and offline sales, refunds, deviations, and the packs that tills need to work offline."""
