"""What is known: one file per benchmark, the only readers of its files."""
