"""Environments: captured and compared."""
