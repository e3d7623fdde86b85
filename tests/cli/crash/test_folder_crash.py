"""A folder of release files is baked, killed anywhere, and gone on with by the same command.

What was released before is passed over; a parent that was not comes before what is baked from it.
"""

from pathlib import Path
from typing import Any

import pytest
import yaml

from .conftest import REGIONS, RELEASE, SOAK, Machine, account

pytestmark = pytest.mark.no_cover  # the same lines hundreds of times

KILLED = -9


def layers(machine: Machine) -> Path:
    """Write two release files, of which one is baked from the other's image."""
    folder = machine.folder / "layers"
    folder.mkdir()
    few: dict[str, Any] = {"regions": [REGIONS[0]], "test": None, "validate": [], "lifecycle": {}}
    for image, source in (("app", {"golden": "os"}), ("os", RELEASE["base"]["source"])):
        own = {"image": image, "base": {"source": source}}
        publish = {"publish": {"ssm_parameter": f"/golden-ami/{image}"}}
        (folder / f"{image}.yaml").write_text(yaml.safe_dump(RELEASE | few | own | publish))
    return folder


def stands(machine: Machine) -> str:
    """Return all that there is, with names in place of what differs from bake to bake."""
    there = account(machine.sandbox)
    for region in there.values():
        del region["leases"]  # that of who was killed at its very end lapses by itself
    text = str(there)
    ec2 = machine.sandbox.client("ec2", REGIONS[0])
    for image in ec2.describe_images(Owners=["self"])["Images"]:
        text = text.replace(image["ImageId"], image["Name"])
    return text


def test_a_folder_that_is_killed_at_any_call_is_completed_by_the_same_command(
    machine: Machine, record_property: Any
) -> None:
    words = ["bake", str(layers(machine)), "--yes"]
    assert machine.run(*words) == 0, machine.log.read_text()
    wanted, calls = stands(machine), machine.killer.seen
    assert "'goldenami:source': 'os-1.0'" in wanted
    assert machine.run(*words) == 0
    assert machine.killer.seen == 0  # all is done
    tried = 0
    for at in range(1, calls + 1, 1 if SOAK else 7):
        for after in (False, True) if SOAK else (at % 2 == 0,):
            machine.forget()
            told = f"{'after' if after else 'before'} call {at} of {calls}"
            assert machine.run(*words, at=at, after=after) == KILLED, told
            if at % 3 == 0:
                machine.lose_journals()
            assert machine.run(*words) == 0, f"{told}:\n{machine.log.read_text()}"
            assert stands(machine) == wanted, told
            tried += 1
    record_property("counted", f"{tried} crash points of a folder's {calls} calls completed")
