"""The types of answers: what they need, and that several threads can use a new one at once."""

import subprocess
import sys
from typing import Any

import pytest

from goldenami.aws.answers.ec2 import DescribeInstances
from goldenami.aws.answers.iam import GetAccountAuthorizationDetails, ListPolicyVersions
from goldenami.aws.answers.interface import OddAnswerError, read
from goldenami.aws.answers.launches import DescribeAutoScalingGroups
from goldenami.aws.answers.organizations import ListAccounts
from goldenami.aws.answers.others import BatchImportFindings, DescribeNodegroup, RoleCredentials

RACE = """
import sys
from threading import Barrier, Thread
from msgspec import Struct, defstruct
from goldenami.aws.answers.interface import read

sys.setswitchinterval(1e-6)
for number in range(300):
    inner = defstruct(f"Inner{number}", [(f"f{n}", int, 0) for n in range(40)])
    kind = defstruct(f"Outer{number}", [(f"f{n}", inner | None, None) for n in range(40)])
    barrier = Barrier(8)
    def use():
        barrier.wait()
        read(kind, {"f1": {"f2": 3}})
    threads = [Thread(target=use) for _ in range(8)]
    [one.start() for one in threads]
    [one.join() for one in threads]
"""


def test_several_threads_can_use_a_new_type_at_once() -> None:
    subprocess.run([sys.executable, "-c", RACE], check=True, timeout=120)


def test_a_next_page_that_is_not_named_is_no_end() -> None:
    page: dict[str, Any] = {"Versions": [], "IsTruncated": True}
    with pytest.raises(OddAnswerError, match="an odd value"):
        read(ListPolicyVersions, page)
    assert read(ListPolicyVersions, page | {"Marker": "m"}).next_page == {"Marker": "m"}


def test_an_account_tells_its_state_by_either_name() -> None:
    rows = [{"State": "ACTIVE"}, {"Status": "ACTIVE"}, {"State": "SUSPENDED", "Status": "ACTIVE"}]
    accounts = [{"Id": f"{number:012}", **row} for number, row in enumerate(rows)]
    answer = read(ListAccounts, {"Accounts": accounts})
    assert [account.active for account in answer.rows] == [True, True, False]
    with pytest.raises(OddAnswerError):
        read(ListAccounts, {"Accounts": [{"Id": "111122223333"}]})


def test_a_policy_has_one_default_version() -> None:
    version = {"Document": {}, "IsDefaultVersion": False}
    policy = {"Arn": "arn", "PolicyName": "name", "PolicyVersionList": [version]}
    lists = ("UserDetailList", "GroupDetailList", "RoleDetailList")
    page = {**{key: [] for key in lists}, "Policies": [policy], "IsTruncated": False}
    with pytest.raises(OddAnswerError, match=r"an odd value at `\$.Policies\[0\]`"):
        read(GetAccountAuthorizationDetails, page)


def test_counts_and_lists_have_to_agree() -> None:
    with pytest.raises(OddAnswerError):
        read(BatchImportFindings, {"FailedCount": 1, "SuccessCount": 0})


def test_a_template_is_named_somehow() -> None:
    with pytest.raises(OddAnswerError):
        read(DescribeNodegroup, {"nodegroup": {"launchTemplate": {"version": "1"}}})


def test_overrides_that_cannot_be_read_are_refused() -> None:
    template = {
        "LaunchTemplateSpecification": {"LaunchTemplateId": "lt-1"},
        "Overrides": [{"LaunchTemplateSpecification": {"Version": 3}}],
    }
    group = {
        "AutoScalingGroupName": "shop",
        "Instances": [],
        "MixedInstancesPolicy": {"LaunchTemplate": template},
    }
    with pytest.raises(OddAnswerError):
        read(DescribeAutoScalingGroups, {"AutoScalingGroups": [group]})


def test_what_is_wrong_is_told_without_any_value() -> None:
    instance = {"InstanceId": "i-1", "LaunchTime": "hUnTeR2"}
    with pytest.raises(OddAnswerError) as error:
        read(DescribeInstances, {"Reservations": [{"OwnerId": "1", "Instances": [instance]}]})
    assert "hUnTeR2" not in str(error.value)
    assert error.value.__cause__ is None


def test_credentials_are_not_shown() -> None:
    answer = {
        "AccessKeyId": "AKIA", "SecretAccessKey": "hUnTeR2", "SessionToken": "hUnTeR2",
        "Expiration": "2026-11-24T00:00:00Z",
    }  # fmt: skip
    assert repr(read(RoleCredentials, answer)) == "RoleCredentials(…)"
