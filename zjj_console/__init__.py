"""The duty desk of a town's city-operation centre."""

__version__ = "0.1.0"
