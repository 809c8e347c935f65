"""How the log becomes read models: a few set-based statements for each batch of records.

Every statement names the read models' tables without a schema, and reads no more than the records
of its batch, so that one batch or many give the same rows.
"""
