"""Whether a release is as new as what it is made of: what is known of it, and the rules."""
