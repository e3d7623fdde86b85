"""Every call to AWS: clients, errors, waits, and what is read.

Whatever reads or calls here raises an `AwsError` if AWS refuses, cannot be reached, or gives no
whole answer: a function says so only where there is more to say of it.
"""
