"""The life after release: each command a file."""
