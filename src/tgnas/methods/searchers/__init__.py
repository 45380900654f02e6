"""Searchers: spend a budget of scores to find one architecture."""
