"""Training-free scores that read the graph of an architecture and build no network."""
