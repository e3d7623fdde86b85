"""Sizes that AWS takes."""

from typing import Any

import pytest

from goldenami.errors import RefusedError
from goldenami.iam.combine import combined
from goldenami.iam.limits import MANAGED_POLICY, Limit, check_size, service_control_policy
from goldenami.iam.profiles import profile_named
from goldenami.iam.render import PolicyDocument, render
from goldenami.iam.values import Values

ROLE = "arn:aws:iam::123456789012:role/golden-ami-pipeline"
SCP, SCP_RAISED = service_control_policy(5_120), service_control_policy(10_240)


def _guardrail(snapshots: int) -> PolicyDocument:
    ids = tuple(f"snap-{number:017x}" for number in range(snapshots))
    values = Values(account="123456789012", snapshots=ids, pipeline_role=ROLE)
    return render(profile_named("guardrail"), values)[0]


def _fit(limit: Limit) -> int:
    """Count up to the first guardrail that is refused."""
    count = 1
    while True:
        try:
            check_size(_guardrail(count + 1), limit)
        except RefusedError:
            return count
        count += 1


def test_a_managed_guardrail_takes_about_a_hundred_snapshots() -> None:
    assert 75 <= _fit(MANAGED_POLICY) <= 110


@pytest.mark.parametrize("limit", [MANAGED_POLICY, SCP, SCP_RAISED])
def test_the_number_that_is_said_to_fit_fits_and_one_more_does_not(limit: Limit) -> None:
    with pytest.raises(RefusedError) as caught:
        check_size(_guardrail(300), limit)
    (note,) = caught.value.notes
    assert note.startswith("it lists 300 snapshots, and ")
    fit = int(note.split()[5])
    check_size(_guardrail(fit), limit)
    with pytest.raises(RefusedError):
        check_size(_guardrail(fit + 1), limit)


def test_a_refusal_says_the_size_the_limit_and_the_way_out() -> None:
    document = _guardrail(200)
    with pytest.raises(RefusedError) as caught:
        check_size(document, MANAGED_POLICY)
    assert caught.value.message == (
        f"the policy document `guardrail` has {document.size:,} characters, "
        "and a managed policy may have 6,144"
    )
    assert "guardrail-by-tag" in caught.value.fix
    assert "lifecycle.keep" not in caught.value.fix


def test_a_long_document_without_snapshots_has_another_way_out() -> None:
    with pytest.raises(RefusedError) as caught:
        check_size(PolicyDocument("long", {"x": "y" * 7_000}), MANAGED_POLICY)
    assert caught.value.notes == ()
    assert "owners" in caught.value.fix


def test_when_not_one_snapshot_fits_it_says_none() -> None:
    with pytest.raises(RefusedError) as caught:
        check_size(_guardrail(2), Limit("a note", 100))
    assert caught.value.notes == ("it lists 2 snapshots, and 0 fit",)


def test_the_form_by_tag_never_grows_out_of_a_managed_policy() -> None:
    ids = tuple(f"snap-{number:017x}" for number in range(1_000))
    values = Values(account="123456789012", snapshots=ids, pipeline_role=ROLE)
    (document,) = render(profile_named("guardrail-by-tag"), values)
    check_size(document, MANAGED_POLICY)
    check_size(document, SCP)


LONG_ROLE = (
    "arn:aws:iam::123456789012:role/platform/release-engineering/ci/"
    "golden-ami-release-pipeline-production-01"
)
COMPANIONS = ("untestable-launches", "tag-protection", "guardrail-protection")
AN_SCP_S_PLACES = 5
"""Policies that a target can have; AWS's own FullAWSAccess is one of them."""


def _values(snapshots: int, **more: Any) -> Values:
    return Values(
        account="123456789012",
        owners=("123456789012", "999988887777"),
        snapshots=tuple(f"snap-{number:017x}" for number in range(snapshots)),
        pipeline_role=LONG_ROLE,
        groups=("ec2-admin-group", "platform-administrators"),
        **more,
    )


@pytest.mark.parametrize("snapshots", [2, 20, 90])
def test_a_group_s_documents_fit_with_a_long_role_and_a_list_of_snapshots(snapshots: int) -> None:
    for name in ("guardrail", *COMPANIONS):
        for document in render(profile_named(name), _values(snapshots)):
            check_size(document, MANAGED_POLICY)


@pytest.mark.parametrize("main", ["guardrail-by-tag", "owner-only"])
def test_scps_fit_by_size_and_by_number(main: str) -> None:
    documents = [
        document
        for name in (main, *COMPANIONS)
        for document in render(profile_named(name), _values(0))
    ]
    for document in documents:
        check_size(document, SCP)
    assert len(documents) < AN_SCP_S_PLACES


def test_a_boundary_of_everything_by_tag_fits_in_one_document() -> None:
    values = _values(0, exempts_pipeline=False, parameters=("/golden-ami/*", "/images/web-base"))
    documents = [
        document
        for name in ("guardrail-by-tag", *COMPANIONS)
        for document in render(profile_named(name), values)
    ]
    allow = {"Sid": "AllowAll", "Effect": "Allow", "Action": "*", "Resource": "*"}
    check_size(combined("boundary", documents, allow), MANAGED_POLICY)


def test_only_an_scp_counts_the_spaces_within_values() -> None:
    document = PolicyDocument("spaced", {"x": " " * 6_000})
    check_size(document, MANAGED_POLICY)
    with pytest.raises(RefusedError, match="6,008 characters"):
        check_size(document, SCP)
