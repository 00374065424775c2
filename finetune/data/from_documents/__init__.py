"""Rows from a document's running text, without a language model."""
