"""The config of the workflow: its keys, how it is read, and what is refused."""
