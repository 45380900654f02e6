"""The config and the sheets of the workflow, provenance of results, and how a script is run."""
