"""fastText's models, read and run over columns."""
