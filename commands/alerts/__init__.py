"""Alerts: what somebody should look at now, told once a crossing."""
