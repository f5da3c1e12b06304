"""Accounts, who is above whom, and who is looking."""
