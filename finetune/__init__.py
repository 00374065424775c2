"""Data, training, evaluation and export: a plain library with command lines, usable without a chat."""
