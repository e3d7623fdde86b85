"""The plan of a bake without AWS: what only AWS knows has a stand-in."""

from datetime import UTC, datetime

from goldenami.aws.session import Aws
from goldenami.bake.create_image import CreateImageBaker
from goldenami.bake.interface import Recipe, new_build
from goldenami.bake.packer_baker import PackerBaker
from goldenami.domain.choices import BakeMethod
from goldenami.domain.image import Image
from goldenami.domain.plan import Plan
from goldenami.spec import ReleaseFile
from goldenami.spec.architectures import by_architecture
from goldenami.workflows.release import checks
from goldenami.workflows.release.preparation import making_actions
from goldenami.workflows.release.prepared import Prepared, PreparedBuild

_IMAGE = "ami-00000000000000000"


def plan_of_bake(aws: Aws, file: ReleaseFile, *, approving: bool = False) -> Plan:
    """Return what a bake does if nothing was done before, and nothing is asked of AWS.

    Args:
        aws: who bakes; its account is known.
        file: the release file.
        approving: whether it only approves what was baked before.
    """
    now = datetime.now(UTC)
    builds = []
    for architecture, own in by_architecture(file).items():
        source = Image(
            region=own.release.build_region, id=_IMAGE, name="source", owner="",
            state="available", architecture=architecture,
        )  # fmt: skip
        method = own.release.bake.method
        recipe = Recipe(aws=aws, file=own, build=new_build(own, now), source=source, method=method)
        baker = PackerBaker(recipe) if method == BakeMethod.PACKER else CreateImageBaker(recipe)
        making = Plan(
            title="",
            actions=() if approving else making_actions(recipe, baker),
            checks=checks.permissions(recipe, None),
        )
        builds.append(
            PreparedBuild(
                recipe=recipe, baker=baker, started=now, making=making, approving=approving
            )
        )
    return Prepared(builds=tuple(builds), title=f"bake {file.release.image}", resume="").plan
