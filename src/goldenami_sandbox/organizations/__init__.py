"""Organizations: ``store.py`` an organization, ``calls.py`` all operations and who may call."""
