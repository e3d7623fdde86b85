"""Proof: cases of launches and attacks, decided by the evaluator under somebody's policies.

``cases.py`` what is tried -> ``world.py`` on what -> ``prove.py`` expected against decided.
"""
