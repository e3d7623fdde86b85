"""Policies that allow what a command does and no more: pieces, documents, what they are worth."""
