"""Oracles, constraints and runs of searchers."""
