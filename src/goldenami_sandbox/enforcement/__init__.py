"""Decides the calls of a signed request by IAM's rules, with goldenami's own evaluator.

``caller.py`` who asks -> ``policies.py`` what binds them -> ``lookup.py`` what they ask about ->
``guard.py`` allowed, or refused in AWS's words (``message.py``).
"""
