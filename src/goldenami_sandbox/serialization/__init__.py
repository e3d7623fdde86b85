"""Answers written as moto writes them, but by a plan of each answer that is made once.

moto looks for each member of each answer by every name that its objects may have for it, builds a
tree of dictionaries, and has another library write that: a fleet takes it minutes.
"""
