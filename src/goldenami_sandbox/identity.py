"""Whose account the sandbox is, and how to sign in to it: what every part of it may know."""

HOST = "127.0.0.1"
PARTITION = "aws"
ACCOUNT_ID = "123456789012"
ROOT_ACCESS_KEY_ID = "AKIASANDBOXROOT00000"
ROOT_SECRET_ACCESS_KEY = "sandbox-only"  # noqa: S105  no secret: the sandbox checks no signature
