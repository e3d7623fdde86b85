"""Amazon Inspector: instances and images that are scanned, findings, and lists of software."""
