"""Limits, rules, cases."""
