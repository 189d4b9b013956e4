"""Consoles of one town that agree: what goes over the wire between a console and its hub."""
