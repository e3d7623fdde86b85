"""From one image in the build region to the same one everywhere: copy, share, compare."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any

from goldenami.aws import watermarks
from goldenami.aws.action import ActionContext
from goldenami.bake.actions import (
    at,
    available,
    created_by,
    deadline,
    image_id,
    on_image,
    snapshot_ids,
    undo_image,
)
from goldenami.bake.create_image import adopted
from goldenami.bake.interface import Recipe
from goldenami.domain import identity, names, tags
from goldenami.domain.account_region import AccountRegion
from goldenami.domain.image import Image, started
from goldenami.domain.plan import Action

COMPARE_TIMEOUT_S = 300.0
ADOPT_COPY = "adopt:copy"

Step = Callable[[Recipe, AccountRegion], Iterator[Action]]


def wait_for_image(recipe: Recipe, place: AccountRegion) -> Action:
    """Return the wait for the image of a place."""
    created = created_by(recipe, place)
    key = "image" if place == recipe.place else "copy"
    return on_image(
        recipe, place, "available", "wait:image", "wait until the image is available",
        deadline(recipe, key),
        permissions=("ec2:DescribeImages", "ec2:DescribeSnapshots"),
        after=(created,),
        settles=(created,),
    )  # fmt: skip


def distribution(recipe: Recipe, *, after: str) -> tuple[Action, ...]:
    """Return what makes the image complete, up to its approval, in every place that it has then.

    Places go in parallel.

    Args:
        recipe: what is baked.
        after: the id of the action after which the image may go anywhere.
    """
    steps = (_copy, _share, _share_snapshots) if recipe.release.share_candidates else (_copy,)
    gate = available(recipe.place)
    return tuple(
        action.following(after) if gate in action.after and after != gate else action
        for action in _in(
            recipe.proposed_places,
            recipe,
            (_watermark, *steps, _require_imds, _deprecate, _compare),
        )
    )


def sharing(
    recipe: Recipe, places: Sequence[AccountRegion], after: Sequence[str]
) -> tuple[Action, ...]:
    """Return what lets others have an approved image: who may launch and copy it, their copies.

    Args:
        recipe: what is baked.
        places: where it is approved.
        after: the ids of the actions after which it may be shared.
    """
    if recipe.release.share_candidates:
        return ()
    away = (place for place in recipe.places if not place.is_home)
    destinations = [place for place in away if recipe.home_of(place) in places]
    return (
        *(share.following(*after) for share in _in(places, recipe, (*_SHARES, _compare_shares))),
        *_in(destinations, recipe, (_copy, _require_imds, _deprecate, _compare)),
    )


def _in(places: Sequence[AccountRegion], recipe: Recipe, steps: Iterable[Step]) -> Iterator[Action]:
    return (action for step in steps for place in places for action in step(recipe, place))


def _copy(recipe: Recipe, place: AccountRegion) -> Iterator[Action]:
    """Copy within the account from the build region, into another account within one region."""
    if place == recipe.place:
        return
    source = recipe.place if place.is_home else recipe.home_of(place)
    into = "" if place.is_home else f" into account {place.account}"
    shares = () if place.is_home else (f"share:{source.name}", f"share-snapshots:{source.name}")
    early = place.is_home or recipe.release.share_candidates  # else it is marked long since
    marks = (_marked(recipe),) if recipe.watermark and early and source == recipe.place else ()
    yield at(
        place, "copy", "ec2:CopyImage", f"copy the image from {source.region}{into}",
        {
            **copying(recipe, place, source),
            "SourceImageId": image_id(recipe, source),
            "ClientToken": recipe.token(f"copy:{place.name}"),
        },
        permissions=("ec2:CopyImage", "ec2:CreateTags"),
        outputs={"image_id": "ImageId"},
        after=(available(source), *marks, *shares),
        undo=undo_image(recipe, place),
        adopt=ADOPT_COPY,
        patience_s=recipe.release.timeouts.seconds("copy"),
    )  # fmt: skip
    yield wait_for_image(recipe, place)


def adopt_copy(context: ActionContext) -> dict[str, Any]:
    """Find the copy that holds the name of the one to be made.

    Raises:
        RefusedError: it is not a copy of that image, so the build has not made it.
    """
    parameters = context.parameters
    build = tags.from_aws(parameters["TagSpecifications"][0]["Tags"])[tags.BUILD]

    def problem(image: Image) -> str:
        source = (parameters["SourceImageId"], parameters["SourceRegion"])
        if image.source_instance or source != (image.source_image, image.source_region):
            return f"EC2 says that it was {identity.origin(image)}"
        return "" if image.tags.get(tags.BUILD) == build else f"it lacks the tag {tags.BUILD}"

    return adopted(context, problem)


def copying(recipe: Recipe, place: AccountRegion, source: AccountRegion) -> dict[str, Any]:
    """Return the parameters of the copy into a place, without the image's id and the token."""
    key = recipe.copy_key(place)
    return {
        "SourceRegion": source.region,
        "Name": recipe.build.ami_name,
        "Description": recipe.description,
        "TagSpecifications": recipe.tag_specifications,
        **({"Encrypted": True, "KmsKeyId": key} if key else {}),
    }


def _share(recipe: Recipe, place: AccountRegion) -> Iterator[Action]:
    if permissions := launch_permissions(recipe, place):
        yield on_image(
            recipe, place, "share", "ec2:ModifyImageAttribute",
            f"share the image with {_consumers(recipe)}",
            {"LaunchPermission": {"Add": permissions}},
        )  # fmt: skip


def _share_snapshots(recipe: Recipe, place: AccountRegion) -> Iterator[Action]:
    """Who copies an image reads its snapshots: a launch permission is not enough.

    https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/copy-ami-across-accounts.html
    """
    if accounts := _copying_accounts(recipe, place):
        yield at(
            place, "share-snapshots", "share:snapshots",
            f"let {_count(len(accounts), 'account')} copy its snapshots",
            {"SnapshotIds": [snapshot_ids(place)], "UserIds": list(accounts)},
            permissions=("ec2:ModifySnapshotAttribute",),
            after=(available(place),),
        )  # fmt: skip


_SHARES = (_share, _share_snapshots)


def _require_imds(recipe: Recipe, place: AccountRegion) -> Iterator[Action]:
    """Let the image ask for IMDSv2, which CreateImage cannot; no page says what CopyImage keeps.

    https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/configuring-IMDS-new-instances.html
    """
    if version := recipe.release.attributes.imds:
        yield on_image(
            recipe, place, "imds", "ec2:ModifyImageAttribute",
            "let instances of the image require IMDSv2", {"ImdsSupport": {"Value": version}},
        )  # fmt: skip


def _marked(recipe: Recipe) -> str:
    """Return the id of the action after which the image carries its watermark."""
    return f"watermark:{recipe.place.name}"


def _watermark(recipe: Recipe, place: AccountRegion) -> Iterator[Action]:
    """Attach the watermark to the image of the build region alone: copies inherit it."""
    if recipe.watermark and place == recipe.place:
        yield on_image(
            recipe, place, "watermark", watermarks.ATTACH,
            f"attach the watermark {recipe.watermark}", {"WatermarkName": recipe.build.image},
            permissions=watermarks.PERMISSIONS,
        )  # fmt: skip


def _copying_accounts(recipe: Recipe, place: AccountRegion) -> tuple[str, ...]:
    return recipe.release.copying_accounts if place.is_home else ()


def launch_permissions(recipe: Recipe, place: AccountRegion) -> list[dict[str, str]]:
    """Return the launch permissions in a place as EC2 takes and tells them.

    Another account's copy is that account's to share.
    """
    if not place.is_home:
        return []
    share = recipe.release.share
    return [
        *({"UserId": account} for account in _accounts(recipe)),
        *({"OrganizationArn": arn} for arn in share.organizations),
        *({"OrganizationalUnitArn": arn} for arn in share.organizational_units),
    ]


def _accounts(recipe: Recipe) -> dict[str, None]:
    """Return the accounts that may launch the image: consumers, and those with copies."""
    release = recipe.release
    return dict.fromkeys([*release.share.accounts, *(copy.account for copy in release.copies)])


def _consumers(recipe: Recipe) -> str:
    share = recipe.release.share
    counts = (
        (len(_accounts(recipe)), "account"),
        (len(share.organizations), "organization"),
        (len(share.organizational_units), "organizational unit"),
    )
    return ", ".join(_count(number, noun) for number, noun in counts if number)


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'s' if number > 1 else ''}"


def deprecated_at(recipe: Recipe) -> datetime | None:
    """Return when the image is to be deprecated, counted from the start of the build."""
    after = names.duration(recipe.release.lifecycle.deprecate_after or "")
    start = started(recipe.build.id)
    return (start + after).replace(second=0) if start and after else None


def _deprecate(recipe: Recipe, place: AccountRegion) -> Iterator[Action]:
    if at_time := deprecated_at(recipe):
        yield on_image(
            recipe, place, "deprecate", "ec2:EnableImageDeprecation",
            f"let the image be deprecated on {at_time:%Y-%m-%d}",
            {"DeprecateAt": f"{at_time:%Y-%m-%dT%H:%M:%SZ}"},
        )  # fmt: skip


def _compare(recipe: Recipe, place: AccountRegion) -> Iterator[Action]:
    """Compare before the approval: what is not shared yet has to be shared with nobody else."""
    shares = _SHARES if recipe.release.share_candidates else ()
    steps = (_watermark, *shares, _require_imds, _deprecate)
    before = _in((place,), recipe, steps)
    exactly, aspects = recipe.release.share_candidates, "tags, snapshots, shares, deprecation"
    yield _comparison(recipe, place, "complete", before, exactly=exactly, aspects=aspects)


def _compare_shares(recipe: Recipe, place: AccountRegion) -> Iterator[Action]:
    before, aspects = [*_in((place,), recipe, _SHARES)], "with whom it is shared"
    if before:
        yield _comparison(recipe, place, "shared", before, exactly=True, aspects=aspects)


def _comparison(
    recipe: Recipe,
    place: AccountRegion,
    step: str,
    before: Iterable[Action],
    *,
    exactly: bool,
    aspects: str,
) -> Action:
    deprecation, accounts = deprecated_at(recipe), _copying_accounts(recipe, place)
    attributes = recipe.release.attributes
    return on_image(
        recipe, place, step, "compare:image", f"compare the image with what was wanted: {aspects}",
        {
            "tags": recipe.image_tags,
            "attributes": {
                name: value
                for name, value in (
                    ("imds_support", attributes.imds),
                    ("boot_mode", attributes.boot_mode),
                    ("tpm_support", attributes.tpm),
                )
                if value
            },
            "shares": launch_permissions(recipe, place),
            "snapshot_accounts": list(accounts),
            "watermark": recipe.watermark,
            "exactly": exactly,
            "deprecate_at": deprecation.isoformat() if deprecation else "",
            "timeout_s": COMPARE_TIMEOUT_S,
        },
        permissions=(
            "ec2:DescribeImages", "ec2:DescribeSnapshots", "ec2:DescribeImageAttribute",
            *(("ec2:DescribeSnapshotAttribute",) if accounts else ()),
        ),
        after=(available(place), *(action.id for action in before)),
    )  # fmt: skip
