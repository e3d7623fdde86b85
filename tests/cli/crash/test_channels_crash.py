"""A change of a channel is killed before and after each of its mutating calls, and then it goes on.

Whatever it had come to, the same command brings the channel to one version everywhere.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pytest
import yaml

from goldenami.domain import manifest, tags

from .conftest import REGIONS, RELEASE, SOAK, Machine

pytestmark = pytest.mark.no_cover  # the same lines hundreds of times

KILLED = -9
LATER = "2035-01-01T00:00:00Z"
PATH = "/golden-ami/web-base"
PUBLISH = {"ssm_parameter": "/golden-ami/{image}/{channel}", "channels": ["dev", "stage"]}


@pytest.fixture
def released(machine: Machine) -> Machine:
    """A machine that has released two versions, the newer one in the first channel."""
    for version in ("1.0", "2.0"):
        changed = {**RELEASE, "version": version, "publish": PUBLISH, "test": None, "validate": []}
        machine.release.write_text(yaml.safe_dump(changed))
        assert machine.run("bake", str(machine.release), "--yes") == 0, machine.log.read_text()
    return machine


def stands(machine: Machine) -> dict[str, Any]:
    """Return what the channels name, and what became of the versions."""
    account = {}
    for region in REGIONS:
        ec2, ssm = machine.sandbox.client("ec2", region), machine.sandbox.client("ssm", region)
        images = ec2.describe_images(Owners=["self"], IncludeDeprecated=True)["Images"]
        names = {image["ImageId"]: image["Name"] for image in images}
        written = {image["Name"]: tags.from_aws(image["Tags"]) for image in images}
        below = ssm.get_parameters_by_path(Path=PATH, Recursive=True)["Parameters"]
        heads = [ssm.get_parameter_history(Name=each["Name"])["Parameters"][-1] for each in below]
        manifests = ssm.get_parameters_by_path(Path="/goldenami/manifest", Recursive=True)
        account[region] = {
            "channels": sorted((each["Name"], names[each["Value"]], each["Labels"])
                               for each in heads),
            "statuses": {name: (own[tags.STATUS], own.get(tags.STATUS_WHY))
                         for name, own in written.items()},
            "deprecated": sorted(each["Name"] for each in images if "DeprecationTime" in each),
            "manifests": sorted(
                (read.version, read.status)
                for each in manifests["Parameters"] if (read := manifest.read(each["Value"]))
            ),
            "leases": ssm.get_parameters_by_path(Path="/goldenami/bake")["Parameters"],
        }  # fmt: skip
    return account


def ways(calls: int) -> Iterator[tuple[int, bool, bool]]:
    """Yield where to kill, whether after the call, and whether the journal is lost.

    With GOLDENAMI_SOAK that is each call in each way. Else it is each call in one way.
    """
    for at in range(1, calls + 1):
        several = [(after, lost) for after in (False, True) for lost in (False, True)]
        for after, lost in several if SOAK else [several[at % 4]]:
            yield at, after, lost


def enumerated(machine: Machine, command: Sequence[str], reset: Callable[[], None]) -> str:
    """Kill a command at its calls; return how many there were."""
    reset()
    assert machine.run(*command) == 0, machine.log.read_text()
    wanted, calls = stands(machine), machine.killer.seen
    tried = 0
    for at, after, lost in ways(calls):
        reset()
        told = f"call {at} of {calls}, {'after' if after else 'before'} it"
        code = machine.run(*command, at=at, after=after)
        assert code == KILLED, f"{told}:\n{machine.log.read_text()}"
        if lost:
            machine.lose_journals()
        over = stands(machine) == wanted
        code = machine.run(*command)
        assert code in ((0, 4) if over else (0,)), f"{told}:\n{machine.log.read_text()}"
        assert stands(machine) == wanted, told
        tried += 1
    return f"{tried} crash points of {command[0]} completed"


def photographed(machine: Machine) -> Callable[[], None]:
    """Return what brings parameters, tags and deprecations to what they are now."""
    photos = [_photographed(machine, region) for region in REGIONS]

    def reset() -> None:
        for photo in photos:
            photo()

    return reset


def _photographed(machine: Machine, region: str) -> Callable[[], None]:
    ec2, ssm = machine.sandbox.client("ec2", region), machine.sandbox.client("ssm", region)
    images = ec2.describe_images(Owners=["self"], IncludeDeprecated=True)["Images"]
    snapshots = ec2.describe_snapshots(OwnerIds=["self"])["Snapshots"]
    written = {each["ImageId"]: each["Tags"] for each in images}
    written |= {each["SnapshotId"]: each["Tags"] for each in snapshots}
    kept = [
        ssm.get_parameter_history(Name=each["Name"])["Parameters"][-1]
        for path in (PATH, "/goldenami/build", "/goldenami/manifest")
        for each in ssm.get_parameters_by_path(Path=path, Recursive=True)["Parameters"]
    ]

    def reset() -> None:
        ssm.delete_parameters(Names=["/goldenami/bake/web-base"])
        for resource, tagged in written.items():
            ec2.delete_tags(Resources=[resource], Tags=[{"Key": tags.STATUS_WHY}])
            ec2.create_tags(Resources=[resource], Tags=tagged)
        for image in images:
            if "DeprecationTime" in image:
                ec2.enable_image_deprecation(ImageId=image["ImageId"], DeprecateAt=LATER)
        for each in kept:
            parts = ("Name", "Value", "Type", "DataType", "Description")
            version = ssm.put_parameter(
                **{part: each[part] for part in parts if part in each}, Overwrite=True
            )["Version"]
            if each["Labels"]:
                ssm.label_parameter_version(
                    Name=each["Name"], ParameterVersion=version, Labels=each["Labels"]
                )

    return reset


def test_what_is_killed_at_any_call_is_completed_by_the_same_command(
    released: Machine, record_property: Any
) -> None:
    machine = released

    def unpromoted() -> None:
        for region in REGIONS:
            ssm = machine.sandbox.client("ssm", region)
            ssm.delete_parameters(Names=[f"{PATH}/stage", "/goldenami/bake/web-base"])

    promote = ("promote", "web-base", "1.0", "--channel", "stage", "--yes")
    counted = enumerated(machine, promote, unpromoted)
    for region in stands(machine).values():
        assert (f"{PATH}/stage", "web-base-1.0", ["v1.0"]) in region["channels"]
    assert machine.run("deprecate", "web-base", "1.0", "--yes") == 0, machine.log.read_text()
    rollback = ("rollback", "web-base", "--channel", "dev", "--yes")
    counted += f", {enumerated(machine, rollback, photographed(machine))}"
    for region in stands(machine).values():
        assert (f"{PATH}/dev", "web-base-1.0", ["v1.0"]) in region["channels"]
        assert {status for status, _ in region["statuses"].values()} == {"approved"}
    record_property("counted", counted)
