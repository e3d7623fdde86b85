"""The tables of calls: what they say is what AWS and the workflow take."""

from typing import Any

import pytest
from botocore.session import Session
from botocore.validate import ParamValidator

from goldenami.aws.answers.actions import kinds
from goldenami.aws.organizations import DECLARATIVE_EC2, SCP
from goldenami.domain.plan import Ref
from goldenami.workflows.enforce import (
    HANDLERS,
    managed_policies,
    organization_policies,
)
from goldenami.workflows.enforce.operations import PolicyOperations

ARN = "arn:aws:iam::123456789012:policy/goldenami-guardrail"
TABLES = {
    "group": (managed_policies.GROUPS, ARN),
    "boundary": (managed_policies.BOUNDARIES, ARN),
    "scp": (organization_policies.operations(SCP), "goldenami-guardrail"),
    "declarative": (organization_policies.operations(DECLARATIVE_EC2), "goldenami-guardrail"),
}
ROWS = [(table, verb) for table, (operations, _) in TABLES.items() for verb in operations.calls]
VALUES: dict[str, Any] = {
    "name": "goldenami-guardrail",
    "holder": "admins",
    "holders": ("admins",),
    "text": "{}",
    "description": "a policy",
    "tags": [{"Key": "Team", "Value": "web"}],
    "tag_keys": ["Team"],
    "keys": "Team",
    "version": "v1",
}


def step(table: str, verb: Any) -> Any:
    operations, key = TABLES[table]
    reference = key if key == ARN else "p-12345678"
    return operations.step("us-east-1", verb, key, reference=reference, **VALUES)


@pytest.mark.parametrize(("table", "verb"), ROWS)
def test_every_call_has_the_parameters_that_aws_takes_or_a_handler(table: str, verb: str) -> None:
    action = step(table, verb)
    assert action.permissions
    assert not action.adopt or action.adopt in HANDLERS
    if action.call in HANDLERS:
        return
    assert action.call in kinds()
    service, _, operation = action.call.partition(":")
    shape: Any = Session().get_service_model(service).operation_model(operation).input_shape
    assert ParamValidator().validate(action.parameters, shape).generate_report() == ""


@pytest.mark.parametrize(("table", "verb"), ROWS)
def test_a_step_is_told_without_gaps_and_its_id_is_its_own(table: str, verb: str) -> None:
    action = step(table, verb)
    assert "{" not in action.id + action.summary
    assert verb == "create" or action.id != step(table, "create").id


@pytest.mark.parametrize("table", TABLES)
def test_what_is_made_in_the_same_plan_is_named_by_its_arn_or_by_the_answer(table: str) -> None:
    operations, key = TABLES[table]
    creation = step(table, "create")
    expected = key if key == ARN else Ref(creation.id, "policy_id")
    assert operations.reference(creation, key) == expected


def test_the_words_of_steps_are_those_of_their_holders() -> None:
    summaries = {table: step(table, "attach").summary for table in TABLES}
    assert summaries == {
        "group": f"attach {ARN} to group admins",
        "boundary": f"make {ARN} the permissions boundary of role admins",
        "scp": "attach the organization's policy goldenami-guardrail to admins",
        "declarative": "attach the organization's policy goldenami-guardrail to admins",
    }


@pytest.mark.parametrize("table", TABLES)
def test_somebody_elses_policy_is_told_by_its_name(table: str) -> None:
    operations: PolicyOperations
    operations, key = TABLES[table]
    assert key in operations.made_by_others(key)
    assert "goldenami:policy" in operations.made_by_others(key)
