"""IAM: ``store.py`` users, groups, roles and policies, ``calls.py`` all operations."""
