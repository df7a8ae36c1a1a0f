"""Many notations in, one formula, many notations out; a layer that adds no theorem."""
