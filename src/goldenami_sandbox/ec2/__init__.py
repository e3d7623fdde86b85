"""EC2: ``store.py`` what an account has in one region, ``response.py`` all operations.

``base.py`` has what the operations have in common; the other files are one for each kind of thing.
"""
