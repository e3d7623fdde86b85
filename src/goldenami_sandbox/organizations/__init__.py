"""Organizations: ``store.py`` an organization, ``calls.py`` the operations and who may call."""
