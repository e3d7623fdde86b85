"""An enforcement: one thing per account, from a file of its own or a release file's part.

Everything that attaches, proves or audits an enforcement works on an `EnforceFile`, wherever it
came from.
"""

from collections.abc import Iterable
from fnmatch import fnmatchcase
from pathlib import Path

from msgspec import Struct, structs

from goldenami import files, yamlfile
from goldenami.domain.names import PUBLISHED
from goldenami.domain.tags import ApprovalTag
from goldenami.errors import SpecError
from goldenami.spec import checks
from goldenami.spec.enforcement import Attaching, Enforce, EnforceSpec
from goldenami.spec.model import Release
from goldenami.validation import Rule
from goldenami.yamlfile import YamlDocument

SCHEMA = "goldenami.enforce/"
ANY_RELEASE = "RELEASE"


class EnforceFile(Struct, frozen=True, kw_only=True):
    """What is to be enforced in an account.

    Args:
        path: the file it was read from.
        enforce: whom it binds, and by which mechanisms.
        name: whose is what it attaches. It stays the same when the file is edited or moved to
            another folder: the file's ``name``, else the image's of a release file, else what an
            enforcement file is called without its ending.
        region: for calls that belong to none; None for the caller's.
        owners: further accounts that own golden images.
        approval_tag: the tag by which images are golden.
        parameters: SSM parameters that images are published as, beside the usual ones.
        declared: whether the file enforces anything: a release file need not.
        release: the release file that a golden image can be baked from.
        warnings: what the user should know of the file.
    """

    path: Path
    enforce: Enforce
    name: str
    region: str | None = None
    owners: tuple[str, ...] = ()
    approval_tag: ApprovalTag = ApprovalTag()
    parameters: tuple[str, ...] = ()
    declared: bool = True
    release: str = ANY_RELEASE
    warnings: tuple[str, ...] = ()

    @property
    def is_of_release(self) -> bool:
        """Whether a release file says it, whose account has golden images of its own."""
        return self.release != ANY_RELEASE

    @property
    def profile(self) -> str:
        """The profile that it is first of all for: that of its first mechanism."""
        used = self.enforce.attaching.values()
        return next((mechanism.profile for mechanism in used), None) or self.enforce.profile

    def attaching(self, profile: str) -> Attaching:
        """Return what it attaches of a profile, by the first mechanism that has it."""
        used = self.enforce.attaching.values()
        usual = Attaching(profile=profile)
        return next((mechanism for mechanism in used if mechanism.profile == profile), usual)


def read(document: YamlDocument, further: Iterable[Rule[EnforceSpec]] = ()) -> EnforceFile:
    """Return what an enforcement file says, checked, by further rules too.

    Raises:
        SpecError: with every problem found, each with its line and key.
    """
    path = document.path
    rules = (*checks.enforcement_rules(path.stem), *further)
    spec, refusals = document.validated(EnforceSpec, rules)
    yamlfile.refuse(path, refusals)
    return EnforceFile(
        path=path,
        enforce=spec,
        name=spec.name or path.stem,
        region=spec.region,
        owners=spec.owners,
        approval_tag=spec.approval_tag,
        parameters=spec.parameters,
    )


def of_release(path: Path, release: Release) -> EnforceFile:
    """Return what a release file enforces, itself or by the file that it points to.

    Raises:
        SpecError: that file has problems, knows golden images by another tag, or leaves what is
            published to everybody.
    """
    enforce = release.enforce or Enforce()
    if enforce.file is None:
        return EnforceFile(
            path=path,
            enforce=enforce,
            name=enforce.name or release.image,
            region=next(iter(release.regions), None),
            owners=release.audit.owners,
            approval_tag=release.approval_tag,
            parameters=release.parameters,
            declared=release.enforce is not None,
            release=str(path),
        )
    file = path.parent / enforce.file
    enforcement_file = read(yamlfile.document(file, files.read_bytes(file)))
    if enforcement_file.approval_tag != release.approval_tag:
        theirs, ours = enforcement_file.approval_tag, release.approval_tag
        raise SpecError(
            f"{file}: approval_tag: images are golden by {theirs.key} = {theirs.value} there, and "
            f"by {ours.key} = {ours.value} in {path}"
        )
    kept = (PUBLISHED, *enforcement_file.parameters)
    for published in release.parameters:
        if not any(fnmatchcase(published, pattern) for pattern in kept):
            raise SpecError(
                f"{file}: nobody is kept from writing {published}, which {path} publishes to",
                fix="add it to `parameters`, or a path that ends in `/*`",
            )
    region = enforcement_file.region or next(iter(release.regions), None)
    return structs.replace(enforcement_file, region=region, release=str(path))
