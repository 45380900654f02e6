"""Populations of architectures, scorers, ensembles, and tables of scores."""

PATTERNS = "patterns"  # what is drawn to have each live pattern once
