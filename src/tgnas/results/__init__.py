"""Tables and figures from measures."""
