"""What a gate decides, without a database, a network or a clock: the same in web/src/features/access/gate/."""
