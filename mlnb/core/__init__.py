"""The shared kernel: what every part may use and that uses none of them. Standard library only."""
