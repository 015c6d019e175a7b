"""Django's PostgreSQL backend with the two things that requests in a hurry need: no question before the first
statement, and statements that are planned once."""
