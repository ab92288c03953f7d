"""The Jupyter Server extension: thin handlers, one file of routes per area, one place that translates errors."""
