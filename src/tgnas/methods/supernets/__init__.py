"""One file for each way to train a supernet and to score architectures by it."""
