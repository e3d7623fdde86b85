"""An embedded AWS for rehearsals and tests: moto's server, made to agree with AWS.

``server.py`` has the entry, `Sandbox`. A call comes in at ``gateway.py``, is refused by a fault
(``faults.py``) or by IAM (``enforcement/``), or is answered by moto, with the classes of one folder
or file for each AWS service (``ec2/``, ``iam/``, ``ssm.py``) that ``installation.py`` puts in the
place of moto's. ``overriding.py`` marks what overrides moto. ``seed.py`` fills an account for a
rehearsal. Of goldenami it imports ``iam`` and ``errors`` alone.
"""
