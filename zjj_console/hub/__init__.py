"""The hub of a town: the one order of what all consoles did."""
