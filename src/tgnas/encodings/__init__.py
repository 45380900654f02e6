"""Cells as arrays."""
