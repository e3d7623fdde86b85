"""Every call to AWS: clients, errors, waits, and what is read."""
