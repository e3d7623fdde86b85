"""`goldenami remediate` believes no document: everything is judged again."""

from typing import Any

from goldenami.aws.session import Aws
from goldenami.domain.audit import saved
from goldenami.sandbox.server import Sandbox
from goldenami.workflows import remediate as workflow
from goldenami.workflows.audit.question import Question
from goldenami.workflows.remediate.interface import Asked, What

from .conftest import run


def test_an_instance_that_changes_after_the_plan_is_not_touched(
    sandbox: Sandbox, golden: str, public: str, audited: Any
) -> None:
    bad = run(sandbox, public)
    asked = Asked(what=What.TAG, per_minute=60_000)
    aws = Aws(region="us-east-1")
    prepared = workflow.prepare(aws, saved.load(audited()), Question(), asked)
    sandbox.client("ec2").terminate_instances(InstanceIds=[bad])
    [result], error = workflow.carry_out(aws, prepared, asked)
    assert (result.id, result.result) == (bad, "failed")
    assert "it is no longer what the audit named" in result.detail
    assert error is not None
