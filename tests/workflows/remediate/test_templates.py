"""Which version of a template is to be the latest again, after a run that was broken off too."""

import pytest

from goldenami.aws.launch_templates import ImageReference, LaunchTemplateVersion
from goldenami.domain.plan import Action
from goldenami.workflows.remediate.templates import CREATE, _latest_to_keep

NEW = "goldenami: ami-golden in version 1"
KEPT = "goldenami: ami-old in version 2"


def version(number: int, description: str = "") -> LaunchTemplateVersion:
    reference = ImageReference(image="ami-old")
    return LaunchTemplateVersion(
        id="lt-1", name="web", version=str(number), reference=reference, description=description
    )


@pytest.mark.parametrize(
    ("there", "kept"),
    [
        ([version(1)], None),
        ([version(1), version(2)], "2"),
        ([version(1), version(2), version(3, NEW)], "2"),
        ([version(1), version(2), version(3, NEW), version(4, KEPT)], None),
        ([version(1), version(2, NEW)], None),
        ([], None),
    ],
    ids=["alone", "not begun", "made", "made and kept", "made of the latest", "gone"],
)
def test_the_latest_version_is_made_again_once(
    there: list[LaunchTemplateVersion], kept: str | None
) -> None:
    parameters = {"SourceVersion": "1", "VersionDescription": NEW}
    action = Action(
        id="make", summary="make", call=CREATE, region="us-east-1", parameters=parameters
    )
    latest = _latest_to_keep(there, [action])
    assert (latest and latest.version) == kept
