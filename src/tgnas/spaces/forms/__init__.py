"""How a search space builds its cells, and how it writes them down: four forms, one file each."""
