"""The boot test: an instance of the baked image, looked at before the image goes anywhere."""

from typing import Any

from goldenami.aws import inspector
from goldenami.bake.distribute import image_id
from goldenami.bake.interface import Recipe
from goldenami.bake.launch import one_instance
from goldenami.domain import tags
from goldenami.domain.identity import TEST_LAUNCH
from goldenami.domain.plan import Action, Ref
from goldenami.spec.model import Scan

TEST = "test-"
"""How the ids of these actions start."""
LAUNCH = TEST_LAUNCH


def boot_test(recipe: Recipe) -> tuple[Action, ...]:
    """Return the launch of the image in the build region, the checks, and the termination.

    Nothing if the release file has no ``test``.
    """
    test, region = recipe.release.test, recipe.region
    if test is None:
        return ()
    end = _terminate(recipe, f"{TEST}terminate")
    launch = Action(
        id=LAUNCH,
        summary="boot the image",
        call="ec2:RunInstances",
        region=region,
        parameters=_parameters(recipe),
        permissions=("ec2:RunInstances", "ec2:CreateTags"),
        after=(f"available:{region}",),
        undo=_terminate(recipe, f"undo-{LAUNCH}"),
    )
    steps = [_step(recipe, "ready", "wait until it runs and its status checks pass", launch.id)]
    for number, step in enumerate(test.steps, 1):
        steps.append(_step(recipe, str(number), f"test: {step.run}", steps[-1].id, step.run))
    if test.scan:
        steps.append(_scan(recipe, test.scan, steps[-1].id))
    terminate = Action(
        id=end.id,
        summary=end.summary,
        call=end.call,
        region=region,
        parameters=end.parameters,
        permissions=end.permissions,
        after=(steps[-1].id,),
        settles=(launch.id,),
    )
    return (launch, *steps, terminate)


def _terminate(recipe: Recipe, action_id: str) -> Action:
    return Action(
        id=action_id,
        summary="terminate the booted instance",
        call="ec2:TerminateInstances",
        region=recipe.region,
        parameters={"InstanceIds": [Ref(LAUNCH, "instance_id")]},
        permissions=("ec2:TerminateInstances",),
    )


def _step(recipe: Recipe, name: str, summary: str, after: str, run: str = "") -> Action:
    timeouts = recipe.release.timeouts
    parameters: dict[str, Any] = {"InstanceId": Ref(LAUNCH, "instance_id")}
    if run:
        parameters |= {"run": run, "timeout_s": timeouts.seconds("validate")}
        call, permissions = "ssm:RunCommand", ("ssm:SendCommand", "ssm:GetCommandInvocation")
    else:
        parameters["timeout_s"] = timeouts.seconds("instance")
        call = "wait:instance"
        permissions = ("ec2:DescribeInstances", "ec2:DescribeInstanceStatus")
    return Action(
        id=TEST + name,
        summary=summary,
        call=call,
        region=recipe.region,
        parameters=parameters,
        permissions=permissions,
        after=(after,),
    )


def _scan(recipe: Recipe, scan: Scan, after: str) -> Action:
    return Action(
        id=f"{TEST}scan",
        summary=f"scan it with Amazon Inspector: fail from severity {scan.severity} on",
        call="wait:scan",
        region=recipe.region,
        parameters={
            "InstanceId": Ref(LAUNCH, "instance_id"),
            "severity": scan.severity,
            "ignore": list(scan.ignore),
            "timeout_s": recipe.release.timeouts.seconds("scan"),
        },
        permissions=inspector.SCAN_PERMISSIONS,
        after=(after,),
    )


def _parameters(recipe: Recipe) -> dict[str, Any]:
    base, test = recipe.release.base, recipe.release.test
    own = {
        **recipe.base_tags,
        "Name": f"{recipe.build.ami_name} test",
        tags.ROLE: tags.Role.TEST.value,
    }
    kind = (test and test.instance_type) or base.instance_type
    token = recipe.build.token(LAUNCH)
    return one_instance(base, image_id(recipe, recipe.place), kind, token, own)
