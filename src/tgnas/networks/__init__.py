"""Architectures as networks: analytic counts and torch modules."""
