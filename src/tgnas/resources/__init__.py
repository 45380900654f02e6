"""Fetched files, models that packages hold, and pickles, read without running them."""
