"""Cited rules and terms: packs of our own short entries, an index over them, and search."""
