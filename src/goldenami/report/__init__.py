"""What is written: tables, JSON and the rest, each format in its own file."""
