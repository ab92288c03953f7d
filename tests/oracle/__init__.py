"""A differential oracle for order: what a fresh run of a notebook shows and leaves, against what a session showed and left."""
