"""How the names of all that goldenami writes in an account begin, and nothing of anybody else's.

What these prefixes protect has to be whole: the policies, the facts and the readers derive theirs
from here.
"""

NAME = "goldenami"
TAGS = f"{NAME}:"
POLICIES = f"{NAME}-"
PARAMETERS = f"/{NAME}/"
BUILDS = f"{PARAMETERS}build/"
MANIFESTS = f"{PARAMETERS}manifest/"
LEASES = f"{PARAMETERS}bake/"
ALLOWED_AMIS = f"{PARAMETERS}enforcement/allowed-amis"
