"""Parameters and FLOPs of the networks of each search space, counted without building them."""
