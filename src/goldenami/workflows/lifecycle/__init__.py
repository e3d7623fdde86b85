"""The life of an image after its release: channels, deprecation, revocation, retirement."""
