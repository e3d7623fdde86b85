"""A release file into what its infrastructure code is made of."""

from collections.abc import Callable, Iterable
from functools import cache
from typing import Any

from goldenami.aws.session import Aws
from goldenami.domain import arns
from goldenami.infrastructure.release import ReleaseCode
from goldenami.spec import ReleaseFile
from goldenami.workflows.code import RenderedCode, enforcement
from goldenami.workflows.enforce import rendering


def release_code(
    session: Callable[[], Aws],
    file: ReleaseFile,
    account: str | None = None,
    snapshots: Iterable[str] = (),
) -> tuple[ReleaseCode, RenderedCode | None]:
    """Return a release for an account, and what is enforced with what to know of it.

    AWS is asked only if no account is named: who the caller is, and for the golden images that
    exist, whose snapshots have to stay allowed.

    Args:
        session: the caller's AWS.
        file: the release file.
        account: the account that the code is for.
        snapshots: of golden images that exist.

    Raises:
        IncompleteError: a region could not be read.
        RefusedError: a policy document would be too large.
        SpecError: a value cannot be part of a policy.
    """
    session, release = cache(session), file.release
    known = tuple(snapshots)
    profiles = [
        rendering.main_profile(each) for each in file.enforcement.enforce.attaching.values()
    ]
    enforces = file.enforcement.declared
    lists = enforces and any("snapshots" in profile.needs for profile in profiles)
    if account is None and lists and not known:
        golden, _ = rendering.approved_images(session(), release.approval_tag)
        known = rendering.snapshots(golden)
    overrides: dict[str, Any] = {
        "account": account or session().account,
        "partition": arns.partition_of(release.build_region),
        "snapshots": (*known, *_expected(file)),
    }
    rendered = enforcement(session, file.enforcement, overrides) if enforces else None
    code = ReleaseCode(
        file=file,
        account=overrides["account"],
        snapshots=known,
        **({"enforcement": rendered.code} if rendered else {}),
    )
    return code, rendered


def _expected(file: ReleaseFile) -> list[str]:
    """Return ids that stand for those of the snapshots to come, so that room is kept for them."""
    release = file.release
    number = (
        max(1, len(release.base.volumes))
        * len(release.regions)
        * max(1, len(release.architectures))
    )
    return [f"snap-{index:017x}" for index in range(number)]
