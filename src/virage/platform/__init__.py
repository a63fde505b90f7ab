"""What knows no domain: clock, ids, money, database, batching, journal, queue, guard, HTTP."""
