"""Proof: cases of launches and attacks, decided by the evaluator under somebody's policies.

``cases.py`` what is tried -> ``lookup.py`` on what -> ``prove.py`` expected against decided.
"""
