"""The boot test: an instance of the baked image, looked at before the image goes anywhere."""

from goldenami.aws import inspector
from goldenami.bake.actions import (
    available,
    deadline,
    image_id,
    instance_ready,
    run_commands,
    terminate,
)
from goldenami.bake.interface import Recipe
from goldenami.bake.launch import run_instances
from goldenami.domain.identity import TEST_LAUNCH
from goldenami.domain.plan import Action, Ref
from goldenami.spec.gates import Scan

TEST = "test-"
"""How the ids of these actions start."""
INSTANCE = Ref(TEST_LAUNCH, "instance_id")
_TERMINATE = "terminate the booted instance"


def boot_test(recipe: Recipe) -> tuple[Action, ...]:
    """Return the launch of the image in the build region, the checks, and the termination.

    Nothing if the release file has no ``test``.
    """
    test = recipe.release.test
    if test is None:
        return ()
    ready = instance_ready(
        recipe, f"{TEST}ready", "wait until it runs and its status checks pass", INSTANCE,
        TEST_LAUNCH,
    )  # fmt: skip
    commands = run_commands(recipe, TEST, "test", INSTANCE, test.steps, ready.id)
    steps = [_launch(recipe), ready, *commands]
    if test.scan:
        steps.append(_scan(recipe, test.scan, steps[-1].id))
    end = terminate(
        recipe.region, f"{TEST}terminate", _TERMINATE, INSTANCE,
        after=(steps[-1].id,), settles=(TEST_LAUNCH,),
    )  # fmt: skip
    return (*steps, end)


def _launch(recipe: Recipe) -> Action:
    return Action.at(
        recipe.place, TEST_LAUNCH, "ec2:RunInstances", "boot the image",
        run_instances(recipe, image_id(recipe, recipe.place)),
        permissions=("ec2:RunInstances", "ec2:CreateTags"),
        after=(available(recipe.place),),
        undo=terminate(recipe.region, f"undo-{TEST_LAUNCH}", _TERMINATE, INSTANCE),
        patience_s=recipe.release.timeouts.seconds("instance"),
    )  # fmt: skip


def _scan(recipe: Recipe, scan: Scan, after: str) -> Action:
    return Action.at(
        recipe.place, f"{TEST}scan", "wait:scan",
        f"scan it with Amazon Inspector: fail from severity {scan.severity} on",
        {
            "InstanceId": INSTANCE,
            "severity": scan.severity,
            "ignore": list(scan.ignore),
            **deadline(recipe, "scan"),
        },
        permissions=(*inspector.SCAN_PERMISSIONS, "ec2:DescribeInstances"),
        after=(after,),
    )  # fmt: skip
