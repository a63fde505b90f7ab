"""Pure rules of food orders: no database, network or clock."""
