"""Zero-cost proxies: training-free scores that pass a batch through a network."""
