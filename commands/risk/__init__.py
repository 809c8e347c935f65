"""Limits, fraud rules and cases: what is asked before money moves."""
