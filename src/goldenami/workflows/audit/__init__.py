"""The audit of everything that runs or will launch an image: `auditing.py` is its beginning.

Nothing is imported here: a further process of an audit imports what reads and judges pages alone.
"""
