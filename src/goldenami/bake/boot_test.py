"""The boot test: an instance of the baked image, looked at before the image goes anywhere."""

from typing import TypeGuard

from goldenami.aws import image_scans, inspector
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
from goldenami.spec.gates import BootTest, Scan

TEST = "test-"
"""How the ids of these actions start."""
INSTANCE = Ref(TEST_LAUNCH, "instance_id")
_TERMINATE = "terminate the booted instance"


def boot_test(recipe: Recipe) -> tuple[Action, ...]:
    """Return what the image has to pass in the build region, one step after the other.

    A scan of the image itself comes first; then it is launched, looked at, and the instance
    terminated, if anything of the test needs one. Nothing if the release file has no ``test``.
    """
    test = recipe.release.test
    if test is None:
        return ()
    ready = available(recipe.place)
    scanned = (_scan_image(recipe, test.scan, ready),) if _is_of_image(test.scan) else ()
    if not test.boots:
        return scanned
    return (*scanned, *_booted(recipe, test, scanned[-1].id if scanned else ready))


def _is_of_image(scan: Scan | None) -> TypeGuard[Scan]:
    return scan is not None and scan.on == "image"


def _booted(recipe: Recipe, test: BootTest, after: str) -> tuple[Action, ...]:
    ready = instance_ready(
        recipe, f"{TEST}ready", "wait until it runs and its status checks pass", INSTANCE,
        TEST_LAUNCH,
    )  # fmt: skip
    commands = run_commands(recipe, TEST, "test", INSTANCE, test.steps, ready.id)
    steps = [_launch(recipe, after), ready, *commands]
    if test.scan and test.scan.on == "instance":
        steps.append(_scan(recipe, test.scan, steps[-1].id))
    end = terminate(
        recipe.region, f"{TEST}terminate", _TERMINATE, INSTANCE,
        after=(steps[-1].id,), settles=(TEST_LAUNCH,),
    )  # fmt: skip
    return (*steps, end)


def _launch(recipe: Recipe, after: str) -> Action:
    return Action.at(
        recipe.place, TEST_LAUNCH, "ec2:RunInstances", "boot the image",
        run_instances(recipe, image_id(recipe, recipe.place)),
        permissions=("ec2:RunInstances", "ec2:CreateTags"),
        after=(after,),
        undo=terminate(recipe.region, f"undo-{TEST_LAUNCH}", _TERMINATE, INSTANCE),
        patience_s=recipe.release.timeouts.seconds("instance"),
    )  # fmt: skip


def _scan_image(recipe: Recipe, scan: Scan, after: str) -> Action:
    return Action.at(
        recipe.place, f"{TEST}scan", image_scans.SCAN,
        f"scan the image with Amazon Inspector: fail from severity {scan.severity} on",
        {
            "ImageId": image_id(recipe, recipe.place),
            "severity": scan.severity,
            "ignore": list(scan.ignore),
            **deadline(recipe, "scan"),
        },
        permissions=image_scans.PERMISSIONS,
        after=(after,),
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
