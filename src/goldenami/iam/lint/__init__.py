"""Lint: the wrong shapes of golden AMI policies, each found by a rule of its own.

A rule is a file under ``rules/``; ``run.py`` asks them all about documents that belong together.
"""
