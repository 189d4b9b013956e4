"""Squares and views for the map tests."""
