"""IAM's policy evaluation: documents compiled once, requests decided with the statements that did.

``compile_policy`` (document.py) -> ``Policies`` and ``decide`` (decide.py) on a ``Request`` (request.py).
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
"""
