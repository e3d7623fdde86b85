"""The chapters of a rehearsal after the release: channels, a rollback, a revocation with a refresh.

They need a second release; a rehearsal has one where it launches as somebody.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING

from goldenami.cli import options as shared
from goldenami.cli.lifecycle import channels, promote, revoke, rollback
from goldenami.errors import FindingsError

if TYPE_CHECKING:
    from goldenami.spec import ReleaseFile
    from goldenami_sandbox.launch_attempts import AttemptOutcome
    from goldenami_sandbox.server import Sandbox
    from goldenami_sandbox.world import Seeded

WHY = "CVE-2026-12345 (rehearsed)"


def life(
    file: "ReleaseFile",
    sandbox: "Sandbox",
    seeded: "Seeded",
    chapter: Callable[[str], None],
    say: Callable[..., None],
) -> "list[AttemptOutcome]":
    """Tell how the second release is promoted, rolled back, and revoked; return the attempts.

    Args:
        file: the release file.
        sandbox: running, with two releases.
        seeded: whose access key is used.
        chapter: tells the title of a chapter.
        say: tells a line.

    Raises:
        GoldenamiError: something of it failed.
    """
    from goldenami.workflows.enforce import promised
    from goldenami.workflows.lifecycle import releases
    from goldenami_sandbox import launch_attempts, seed
    from goldenami_sandbox.accounts import account_of

    release = file.release
    image, publish = release.image, release.publish
    aws = shared.AwsOptions().session(None, release.build_region)
    newest, before, *_ = releases.read(aws, image).good()
    bad = next(each.image.id for each in newest.images if each.place.region == release.build_region)
    account = account_of(seeded.admin.id)
    group = seed.seed_group(sandbox, release.build_region, bad, account)
    if publish and publish.channels:
        chapter(f"promote {before.name}, and then {newest.name}, channel by channel")
        for version in (before, newest):
            for channel in publish.channels:  # the first, too: a restricted one may follow it
                options = promote.PromoteOptions(
                    image=image, version=version.version, channel=channel, yes=True
                )
                promote.promote(options)
        channels.channels(channels.ChannelsOptions(image=image))
    if publish:
        last = publish.channels[-1] if publish.channels else ""
        chapter(f"roll {last or image} back to {before.name}")
        rollback.rollback(rollback.RollbackOptions(image=image, channel=last, yes=True))
    chapter(f"revoke {newest.name}, which {group} launches, and refresh what does")
    try:
        revoke.revoke(
            revoke.RevokeOptions(
                image=image, version=newest.version, why=WHY, refresh=True, yes=True
            )
        )
    except FindingsError as findings:
        say("", f"{findings.message}, as launched before: on a real account the exit code is 10.")
    if "unapproved-image" not in promised(file.enforcement, "group_policy"):
        return []
    return [launch_attempts.launch_revoked(sandbox, seeded, bad)]
