"""Webhooks: what is sent where, signed as Standard Webhooks has it, and tried again."""
