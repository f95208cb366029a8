"""The public front page, and the demonstration that `make run` starts with."""
