"""The files that users write: release, enforcement and waivers."""

from typing import Any, Final, NamedTuple, get_args, get_type_hints

from goldenami.domain.audit.waivers import WaiverFile
from goldenami.spec.enforcement import EnforceSpec
from goldenami.spec.model import Release


class FileKind(NamedTuple):
    """A kind of file: what people call it, and the type that it is read as."""

    name: str
    type: Any

    @property
    def schema(self) -> str:
        """What such a file says that it is: ``goldenami.enforce/v1``."""
        return str(get_args(get_type_hints(self.type)["schema"])[0])

    @property
    def prefix(self) -> str:
        """The same without its version, by which a file is known: ``goldenami.enforce/``."""
        return self.schema.partition("/")[0] + "/"


KINDS: Final = (
    FileKind("release", Release),
    FileKind("enforce", EnforceSpec),
    FileKind("waivers", WaiverFile),
)
