"""The feature catalogue: define, search, preview, read."""
