"""Built-in implementations of this area's ports."""
