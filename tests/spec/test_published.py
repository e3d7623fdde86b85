"""What a release publishes to is kept for the pipeline by the enforcement that it points to."""

from pathlib import Path

import pytest

from goldenami.errors import SpecError
from goldenami.spec.enforce import of_release
from goldenami.spec.enforcement import Enforce
from goldenami.spec.model import Base, BaseSource, Release
from goldenami.spec.publish import Publish

ENFORCE = """\
schema: goldenami.enforce/v1
groups: [admins]
parameters: [/images/*]
"""


def release(parameter: str | None, file: str | None = None) -> Release:
    return Release(
        schema="goldenami/v1",
        image="web",
        regions=("us-east-1",),
        base=Base(source=BaseSource(ami="ami-01234567"), instance_type="t3.micro"),
        publish=Publish(parameter) if parameter else None,
        enforce=Enforce(file=file),
    )


@pytest.mark.parametrize("parameter", ["/images/web", "/golden-ami/web", None])
def test_what_the_file_names_or_is_usual_is_taken(tmp_path: Path, parameter: str | None) -> None:
    (tmp_path / "enforce.yaml").write_text(ENFORCE)
    found = of_release(tmp_path / "release.yaml", release(parameter, file="enforce.yaml"))
    assert found.parameters == ("/images/*",)


def test_what_it_leaves_to_everybody_is_refused(tmp_path: Path) -> None:
    (tmp_path / "enforce.yaml").write_text(ENFORCE)
    with pytest.raises(SpecError, match="nobody is kept from writing /team/web") as raised:
        of_release(tmp_path / "release.yaml", release("/team/web", file="enforce.yaml"))
    assert "`parameters`" in raised.value.fix


def test_a_release_file_of_its_own_keeps_what_it_publishes_to(tmp_path: Path) -> None:
    found = of_release(tmp_path / "release.yaml", release("/team/web"))
    assert found.parameters == ("/team/web",)
