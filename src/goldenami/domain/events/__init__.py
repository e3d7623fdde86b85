"""Launches and changes of images as AWS tells them: CloudTrail's records, EventBridge's events."""
