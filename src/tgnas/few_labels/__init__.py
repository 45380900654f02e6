"""Methods that see a few labels of their target: what they learn or query, and what it is worth."""
