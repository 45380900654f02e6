"""Oracles and runs of searchers."""
