"""Points of organisers: programmes, accounts of fans, and rewards."""
