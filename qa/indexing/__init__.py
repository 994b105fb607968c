"""Texts -> an index on disk, and an index opened."""
