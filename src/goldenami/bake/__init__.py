"""The two ways to make an image, and its distribution after both."""
