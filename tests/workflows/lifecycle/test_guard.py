"""What keeps a version: how it is refused, and what is news beside what is known to use it."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from goldenami.aws.image_references import ImageUser
from goldenami.domain.account_region import AccountRegion
from goldenami.domain.audit.approved import Produced
from goldenami.domain.image import Image
from goldenami.errors import IncompleteError, RefusedError
from goldenami.workflows.lifecycle import guard
from goldenami.workflows.lifecycle.guard import Guarded, Watch
from goldenami.workflows.lifecycle.releases import ReleaseImage, Version
from goldenami.workflows.lifecycle.uses import Use, UseKind, Uses

NOW = datetime(2026, 11, 26, tzinfo=UTC)
AMI, ACCOUNT = "ami-1", "111122223333"
WATCH = Watch(regions=("us-east-1",), idle=timedelta(days=14))


@pytest.mark.parametrize(
    ("guarded", "error", "words"),
    [
        (Guarded(reasons=("a", "b"), unknown=("c: why",)), RefusedError, "2 things keep it"),
        (Guarded(unknown=("c: why",)), IncompleteError, "could not be checked"),
    ],
)
def test_what_is_in_use_is_refused_and_what_could_not_be_checked_is_incomplete(
    guarded: Guarded, error: type[Exception], words: str
) -> None:
    with pytest.raises(error, match=words) as caught:
        guarded.refuse("web-base 1.0")
    assert "could not check: c: why" in str(caught.value)
    assert not guarded.content
    Guarded().refuse("web-base 1.0")


def use(kind: UseKind, name: str = "x") -> Use:
    return Use(account=ACCOUNT, region="us-east-1", kind=kind, id=name, image=AMI)


@pytest.mark.parametrize("kind", [*UseKind])
def test_a_use_of_any_kind_keeps_an_image_but_that_somebody_may_launch_it(kind: UseKind) -> None:
    reasons = list(guard._in_use(Uses(uses=(use(kind),)), {AMI}, WATCH))
    assert bool(reasons) is (kind is not UseKind.CONSUMER)
    assert not list(guard._in_use(Uses(uses=(use(kind),)), {"ami-2"}, WATCH))


def test_a_parameter_that_is_unpublished_first_keeps_nothing() -> None:
    watch = Watch(regions=(), unpublished={(f"{ACCOUNT}/us-east-1", "/p")})
    named = Uses(uses=(use(UseKind.PARAMETER, "/p"), use(UseKind.PARAMETER, "/q")))
    (reason,) = guard._in_use(named, {AMI}, watch)
    assert "/q" in reason


ARN = f"arn:aws:{{}}:us-east-1:{ACCOUNT}:{{}}"


@pytest.mark.parametrize(
    ("kind", "arn", "news"),
    [
        ("ec2:LaunchTemplate", ARN.format("ec2", "launch-template/lt-1"), False),
        ("ec2:LaunchTemplate", ARN.format("ec2", "launch-template/lt-2"), True),
        ("ec2:Instance", ARN.format("ec2", "instance/i-1"), False),
        ("ssm:Parameter", ARN.format("ssm", "parameter/golden/web"), False),
        ("ssm:Parameter", ARN.format("ssm", "parameter/p"), False),
        ("ssm:Parameter", ARN.format("ssm", "parameter/mine"), True),
        ("imagebuilder:ImageRecipe", ARN.format("imagebuilder", "image-recipe/a/1.0.0"), True),
    ],
)
def test_what_ec2_knows_beside_that_keeps_an_image_too(kind: str, arn: str, news: bool) -> None:
    known = {(AMI, "lt-1"), (AMI, "i-1"), (AMI, "/golden/web")}
    watch = Watch(regions=(), unpublished={(f"{ACCOUNT}/us-east-1", "/p")})
    named = ImageUser(image=AMI, kind=kind, arn=arn)
    assert guard._is_news(named, known, watch) is news
    assert guard._is_news(named, {("ami-2", "lt-2")}, watch) is (not arn.endswith("/p"))


@pytest.mark.parametrize(
    ("launched", "keeps"),
    [(None, False), (NOW - timedelta(days=15), False), (NOW - timedelta(days=13), True)],
)
def test_a_recent_launch_keeps_an_image(launched: datetime | None, keeps: bool) -> None:
    image = Image(
        region="us-east-1", id=AMI, name="web", owner=ACCOUNT, state="available",
        architecture="x86_64", launched=launched,
    )  # fmt: skip
    nothing: Any = Produced(
        id=AMI, image="web", version="1.0", created=None, approved=True, candidate=False
    )
    each = ReleaseImage(place=AccountRegion(ACCOUNT, "us-east-1"), image=image, produced=nothing)
    version = Version(image="web", version="1.0", images=(each,), builds={}, manifests=())
    assert bool(list(guard._idle(version, WATCH, NOW))) is keeps
