"""Notebook state: capture, restore, compare, list."""
