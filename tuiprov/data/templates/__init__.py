"""Provisioning templates of accounts."""
