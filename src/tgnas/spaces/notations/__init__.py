"""How other libraries write architectures: read as the space's own objects, and written."""
