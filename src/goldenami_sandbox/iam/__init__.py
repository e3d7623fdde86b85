"""IAM: ``store.py`` users, groups, roles and policies, ``calls.py`` the operations."""
