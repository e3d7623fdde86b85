"""Policies: profiles, the values they are rendered with, rendering, and IAM's limits. No AWS."""
