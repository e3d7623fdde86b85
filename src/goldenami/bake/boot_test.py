"""The boot test: an instance of the baked image, looked at before the image goes anywhere."""

from goldenami.aws import inspector
from goldenami.bake.actions import image_id, instance_ready, run_command, terminate
from goldenami.bake.interface import Recipe
from goldenami.bake.launch import one_instance
from goldenami.domain import tags
from goldenami.domain.identity import TEST_LAUNCH
from goldenami.domain.plan import Action, Ref
from goldenami.spec.model import BootTest, Scan

TEST = "test-"
"""How the ids of these actions start."""
INSTANCE = Ref(TEST_LAUNCH, "instance_id")
_TERMINATE = "terminate the booted instance"


def boot_test(recipe: Recipe) -> tuple[Action, ...]:
    """Return the launch of the image in the build region, the checks, and the termination.

    Nothing if the release file has no ``test``.
    """
    test, region = recipe.release.test, recipe.region
    if test is None:
        return ()
    ready = instance_ready(
        region, f"{TEST}ready", "wait until it runs and its status checks pass", INSTANCE,
        recipe.release.timeouts.seconds("instance"), TEST_LAUNCH,
    )  # fmt: skip
    steps = [_launch(recipe, test), ready]
    for number, step in enumerate(test.steps, 1):
        summary, after = f"test: {step.run}", steps[-1].id
        steps.append(run_command(recipe, f"{TEST}{number}", summary, step.run, INSTANCE, after))
    if test.scan:
        steps.append(_scan(recipe, test.scan, steps[-1].id))
    end = terminate(
        region, f"{TEST}terminate", _TERMINATE, INSTANCE,
        after=(steps[-1].id,), settles=(TEST_LAUNCH,),
    )  # fmt: skip
    return (*steps, end)


def _launch(recipe: Recipe, test: BootTest) -> Action:
    base = recipe.release.base
    own = {
        **recipe.base_tags,
        "Name": f"{recipe.build.ami_name} test",
        tags.ROLE: tags.InstanceRole.TEST.value,
    }
    return Action.at(
        recipe.place, TEST_LAUNCH, "ec2:RunInstances", "boot the image",
        one_instance(
            base, image_id(recipe, recipe.place), test.instance_type or base.instance_type,
            recipe.build.token(TEST_LAUNCH), own, tested=True,
        ),
        permissions=("ec2:RunInstances", "ec2:CreateTags"),
        after=(f"available:{recipe.region}",),
        undo=terminate(recipe.region, f"undo-{TEST_LAUNCH}", _TERMINATE, INSTANCE),
    )  # fmt: skip


def _scan(recipe: Recipe, scan: Scan, after: str) -> Action:
    return Action.at(
        recipe.place, f"{TEST}scan", "wait:scan",
        f"scan it with Amazon Inspector: fail from severity {scan.severity} on",
        {
            "InstanceId": INSTANCE,
            "severity": scan.severity,
            "ignore": list(scan.ignore),
            "timeout_s": recipe.release.timeouts.seconds("scan"),
        },
        permissions=inspector.SCAN_PERMISSIONS,
        after=(after,),
    )  # fmt: skip
