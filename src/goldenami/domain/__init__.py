"""What golden images are: names, tags, plans, verdicts. No AWS, no I/O beyond the user's files."""
