"""One folder per family of methods, one file per method."""
