"""Predictors: fitted on one benchmark, they score the cells of any space."""
