"""Training networks on images: recipes, data, one loop."""
