"""Architectures as torch modules: one file per search space, named as the space.

They stand apart from the analytic counts, which benchmark tables are built with: an edit of a
module re-builds no table.
"""
