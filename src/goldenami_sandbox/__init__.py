"""An embedded AWS for rehearsals and tests: moto's server, mended where it differs from AWS.

Only ``cli`` and the tests import this package. ``goldenami_sandbox.server`` has the entry,
`Sandbox`; ``mends`` holds one module per area of AWS that moto answers differently.
"""
