"""What people may do and what their data must look like, without a database or a clock."""
