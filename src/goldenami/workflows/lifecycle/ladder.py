"""The steps by which a version goes: unpublish and deprecate, disable, deregister.

Each step is what is still to be done of it: so a step that was interrupted is gone on with by the
same command, and one that is done is empty. What is recorded says how far a version is, and not its
tags, which others may write.
"""

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime
from typing import Any

import msgspec
from msgspec import structs

from goldenami.aws import manifests, pointers
from goldenami.bake import pointing
from goldenami.domain import manifest, tags
from goldenami.domain.life import Change
from goldenami.domain.plan import Action
from goldenami.domain.retention import Rung
from goldenami.domain.status import Status, state
from goldenami.workflows.lifecycle.deprecation import deprecating
from goldenami.workflows.lifecycle.guard import COOLDOWN, is_protected
from goldenami.workflows.lifecycle.pointers import Pointer
from goldenami.workflows.lifecycle.releases import KeptManifest, ReleaseImage, Version
from goldenami.workflows.lifecycle.transition import changing, decided

STATUS: dict[Rung, Status] = {
    Rung.DEPRECATE: Status.DEPRECATED,
    Rung.DISABLE: Status.DISABLED,
    Rung.DEREGISTER: Status.RETIRED,
}
"""What a version is after each step."""
DISABLED = "disabled"
"""EC2's state of an image that nobody can launch."""
