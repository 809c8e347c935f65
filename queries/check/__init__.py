"""The proof behind `makeba check`: the truths of docs/invariants.md, one by one, on a live system.

Everything is read as the auditor's role. The log is read once, in order, in short ranges up to a
position that was fixed first; each truth sees the records go by. What moves (balances, states, the
head) is then looked at in short snapshots, and in each of them the truths have first seen the log
up to the very position of that snapshot: so nothing is ever compared across two moments.
"""
