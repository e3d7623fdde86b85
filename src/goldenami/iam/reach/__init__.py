"""Who can become a role: the principals of an account, and the ways from one to the other.

`search.reach` starts at the role and goes backwards, one hop at a time.
"""
