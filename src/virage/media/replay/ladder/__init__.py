"""What `virage ladder` runs: the seconds that cameras sent, in smaller sizes, for phones with little network."""
