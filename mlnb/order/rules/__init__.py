"""Pure decisions of order: what a run from top to bottom would give, which cells differ from it and why, what to run."""
