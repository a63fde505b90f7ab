"""What is kept: the database, its migrations, the journal, jobs and objects."""
