"""The shape of the database, as numbered .sql files that Alembic runs in order."""
