"""AWS's service authorization reference: the data (``*.json``, generated) and how to ask it."""
