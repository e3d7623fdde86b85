"""The commands' work: each reads as its steps, in order."""
