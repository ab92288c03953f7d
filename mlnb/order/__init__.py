"""Cell order: what a notebook's cells define and read, which are stale and why, what to run to be fresh."""
