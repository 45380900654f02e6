"""Zero-cost proxies of networks that read tokens."""
