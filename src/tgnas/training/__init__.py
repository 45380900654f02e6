"""Training loops that know no method."""
