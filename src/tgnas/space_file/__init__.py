"""Search spaces as files: what a YAML file says becomes packed cells, vectorised."""
