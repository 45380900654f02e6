"""Populations of architectures, scorers, ensembles, and tables of scores."""
