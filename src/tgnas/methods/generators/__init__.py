"""Generators: distributions over architectures with parameters; one file for each."""
