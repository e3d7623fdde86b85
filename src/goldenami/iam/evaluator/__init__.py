"""IAM's policy evaluation: documents compiled once, requests decided by the statements in them.

``compile_policy`` (document.py) -> ``Policies`` and ``decide`` (decide.py) on a ``Request``.
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
"""
