"""What may be built: one file per search space."""
