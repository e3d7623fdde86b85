"""The audit: what is judged, what counts as golden, the rules, waivers, the document."""
