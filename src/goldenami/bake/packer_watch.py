"""Watches a build of Packer: what it launches is tagged and recorded, and so is what it has made.

A template need know nothing of goldenami's tags. What it has made is taken by what EC2 says of it:
the image of the instance that Packer launched from the release's source.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import suppress

from msgspec import structs

from goldenami.aws import calls, images, instances, records, sharing, snapshots
from goldenami.aws.action import ActionContext
from goldenami.aws.waits import patiently
from goldenami.bake.distribute import launch_permissions
from goldenami.bake.interface import Recipe
from goldenami.bake.packer_output import (
    BuiltImage,
    PackerEvent,
    image_in,
    images_in,
    instance_in,
)
from goldenami.bake.packer_products import Mentions, Products, is_recent, look
from goldenami.domain import tags
from goldenami.domain.image import Image
from goldenami.domain.instance import Instance
from goldenami.domain.prefixes import TAGS
from goldenami.domain.record import VALIDATED, parameter
from goldenami.errors import AwsError, BakeError, RefusedError

PERMISSIONS = (
    "ec2:CreateTags",
    "ec2:DeleteTags",
    "ec2:DeregisterImage",
    "ec2:DescribeImageAttribute",
    "ec2:DescribeImages",
    "ec2:DescribeInstances",
    "ec2:DescribeRegions",
    "ec2:DescribeSnapshotAttribute",
    "ec2:DescribeSnapshots",
    "ec2:ModifyImageAttribute",
    "ec2:ModifySnapshotAttribute",
)


_LOOKS = 4
"""How often an image is looked at because Packer's log names it."""


class PackerWatch:
    """One run of Packer under way.

    Args:
        context: whose AWS, where.
        recipe: what is baked.
    """

    def __init__(self, context: ActionContext, recipe: Recipe) -> None:
        self._context = context
        self._recipe = recipe
        self._record = parameter(recipe.build.image, recipe.build.id)
        self._instance_ids: list[str] = []
        self._artifacts: set[str] = set()
        self._looks: Counter[str] = Counter()
        self.mentions = Mentions()

    def listen(self, event: PackerEvent) -> None:
        """Listen to Packer: record and tag an instance as soon as it is told of.

        Raises:
            RefusedError: EC2 says that it was launched from something else than the source.
        """
        self.mentions.add(event.text)
        self._artifacts |= images_in(event)
        instance_id = instance_in(event)
        if instance_id and instance_id not in self._instance_ids:
            self._launched(instance_id)
        self._note_original(event)
        if event.text:
            self._context.progress(event.text)

    def image_of(self, hints: Iterable[BuiltImage]) -> Image:
        """Return the image that Packer has made, tagged and recorded; tell what else it has made.

        Args:
            hints: the images that its manifest names. Its artifacts are as good: no script of the
                template can write such a line.

        Raises:
            BakeError: there is none, there are several, or strangers may launch one.
        """
        context, recipe = self._context, self._recipe
        hinted = {hint.image_id for hint in hints} | self._artifacts
        self.mentions.ids |= hinted
        self._adopt_instances(hinted)
        ids = frozenset(self._instance_ids)
        products = look(context.regional, recipe.build, ids, self.mentions)
        image = self._chosen(products, hinted)
        self._withdraw({each.id: each for each in (image, *products.images)}.values())
        self._tag(image)
        removed = set(self._settle_copies(image, products))
        change = {
            "instance_id": image.source_instance, "image_id": image.id, "gates": [VALIDATED],
        }  # fmt: skip
        records.change(context, self._record, change)
        for line in products.lines(but={image.id, *ids, *removed}):
            context.progress(f"the template has also made, or spoken of: {line}")
        return image

    def _launched(self, instance_id: str) -> None:
        """Take an instance that Packer, or a script, tells of for the build's, if EC2 agrees."""
        context, recipe = self._context, self._recipe
        instance = patiently(context, lambda: self._instance(instance_id), created=True)
        if not self._is_from_source(instance):
            raise RefusedError(
                f"{context.headline}: EC2 says that {instance_id} was launched from "
                f"{instance.image_id} at {instance.launched}, and not from {recipe.source.id} "
                "since the build began",
                fix="let the template take the variable `source_ami`, or choose the same "
                "`base.source` as the template",
            )
        self._instance_ids.append(instance_id)
        if len(self._instance_ids) == 1:
            records.change(context, self._record, {"instance_id": instance_id})
        self._write([instance_id], recipe.base_tags)

    def _is_from_source(self, instance: Instance) -> bool:
        recipe = self._recipe
        return instance.image_id == recipe.source.id and is_recent(instance, recipe.build)

    def _instance(self, instance_id: str) -> Instance:
        purpose = f"looking at {instance_id}"
        for instance in instances.having(
            self._context.regional, "instance-id", [instance_id], purpose
        ):
            return instance
        raise AwsError(
            f"{instance_id}, which Packer has launched, is not in {self._context.region}",
            code="InvalidInstanceID.NotFound",
            fix="let the template take the variable `region`",
        )

    def _note_original(self, event: PackerEvent) -> None:
        """Know an image of the build's while it is there: Packer may remove it, and leave copies.

        It is told of when it is made, when EC2 may not know it yet, and again before it is copied.
        A script may tell of any; what cannot be read now stays unproved.
        """
        region = self._context.region
        self._looks.update({image_in(event)} - {"", *self._looks})
        for image_id, looks in self._looks.items():
            known = (region, image_id) in self.mentions.originals
            if image_id not in event.text or known or looks > _LOOKS:
                continue
            self._looks[image_id] += 1
            with suppress(AwsError):
                (image,) = images.by_id(self._context.regional, [image_id]) or (None,)
                if image and image.source_instance in self._instance_ids:
                    self.mentions.originals.add((region, image_id))

    def _adopt_instances(self, hinted: set[str]) -> None:
        """Know the instance of an image even if Packer's log has not told of it.

        EC2 tells of an instance for about an hour after its end.
        """
        context = self._context
        described = images.by_id(context.regional, sorted(hinted)) if hinted else []
        for source in {image.source_instance for image in described} - {""}:
            if source not in self._instance_ids and any(
                self._is_from_source(instance)
                for instance in instances.having(
                    context.regional, "instance-id", [source], "looking at Packer's instance"
                )
            ):
                self._instance_ids.append(source)

    def _chosen(self, products: Products, hinted: set[str]) -> Image:
        """Return the one image of the build region; Packer decides among several.

        EC2 names no instance for an image that a template had copied or registered: then the id
        that Packer has told is all there is to know it by.

        Raises:
            BakeError: there is none, or more.
        """
        region = self._context.region
        registered = (
            image
            for image in products.mentioned
            if image.id in hinted and not image.source_instance
        )
        here = [image for image in (*products.images, *registered) if image.region == region]
        chosen = [image for image in here if image.id in hinted] if len(here) > 1 else here
        if len(chosen) == 1:
            return chosen[0]
        count = f"{len(here)} images" if here else "no image"
        raise BakeError(
            f"{self._context.headline}: by what EC2 says, Packer made {count} in {region}",
            fix=f"use a template with one builder, in {region}, that makes an image of its "
            "instance; `bake.only` chooses a builder",
            notes=[f"there is {line}" for line in products.lines()],
        )

    def _withdraw(self, several: Iterable[Image]) -> None:
        """Take the images away from strangers, and fail if there were any.

        Raises:
            BakeError: there were.
        """
        recipe = self._recipe
        consumers = [tuple(each.items()) for each in launch_permissions(recipe, recipe.place)]
        accounts = recipe.release.copying_accounts
        exposed = [
            line
            for image in several
            for line in sharing.withdraw(self._in(image.region), image, consumers, accounts)
        ]
        if exposed:
            raise BakeError(
                f"{self._context.headline}: the template made public, or shared with others, what "
                "nobody has approved; that was taken away",
                fix="take `ami_groups`, `ami_users`, `snapshot_groups` and the like out of the "
                "template: `share` in the release file shares the image once it is approved",
                notes=exposed,
            )

    def _tag(self, image: Image) -> None:
        """Write the build's tags, and take away what claims more of the image."""
        own = self._recipe.image_tags
        approval = self._recipe.release.approval_tag.key
        resources, there = [image.id, *image.snapshots], self._in(image.region)
        self._write(resources, own, there)
        behind = snapshots.own(there.regional, image.snapshots, "looking at its snapshots")
        written = {*image.tags, *(key for each in behind for key in each.tag_values)}
        claims = {key for key in written if key.startswith(TAGS) or key == approval}
        if false := sorted(claims - own.keys()):
            parameters = {"Resources": resources, "Tags": [{"Key": key} for key in false]}
            calls.call(structs.replace(there, parameters=parameters), "ec2:DeleteTags", {})

    def _settle_copies(self, image: Image, products: Products) -> Iterator[str]:
        """Remove the template's copies from where the release has its own; tag all others.

        Yields:
            The ids of those that are removed.
        """
        own = {place.region for place in self._recipe.places if place.is_home}
        for copy in products.images:
            if copy.id == image.id:
                continue
            if copy.region not in own:
                self._tag(copy)
                continue
            there = self._in(copy.region)
            parameters = {"ImageId": copy.id, "DeleteAssociatedSnapshots": True}
            calls.deregister(structs.replace(there, parameters=parameters))
            there.progress(
                f"removed {copy.id} in {copy.region}, which the template has made: the release's "
                "own copy comes there"
            )
            yield copy.id

    def _in(self, region: str) -> ActionContext:
        return structs.replace(self._context, regional=self._context.aws.in_region(region))

    def _write(
        self, resources: list[str], values: tags.Tags, there: ActionContext | None = None
    ) -> None:
        parameters = {"Resources": resources, "Tags": tags.to_aws(values)}
        context = structs.replace(there or self._context, parameters=parameters)
        calls.call(context, "ec2:CreateTags", {}, created=True)
