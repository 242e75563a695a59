"""Scripts that make the shipped weights. Never imported at run time."""
