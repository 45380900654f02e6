"""Training-free proxies: scores from the architecture alone."""
