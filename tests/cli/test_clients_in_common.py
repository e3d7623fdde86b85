"""Commands that are run one after the other have their clients in common, where that is wished."""

import pytest

from goldenami.aws.session import identity
from goldenami.cli.options import AwsOptions, clients_in_common
from goldenami_sandbox.server import Sandbox


@pytest.fixture
def options(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> AwsOptions:
    for name, value in sandbox.environment().items():
        monkeypatch.setenv(name, value)
    return AwsOptions()


def test_the_next_command_has_the_clients_and_asks_anew(
    options: AwsOptions, sandbox: Sandbox
) -> None:
    with clients_in_common():
        one, other = options.session(), options.session()
        assert one.client("ec2") is other.client("ec2")
        assert one.account == other.account
    assert [call.name for call in sandbox.calls] == ["sts:GetCallerIdentity"] * 2
    assert one.once(identity) is one.once(identity)


def test_clients_are_a_commands_own_elsewhere(options: AwsOptions) -> None:
    with clients_in_common():
        before = options.session()
    one, other = options.session(), options.session()
    assert len({id(each.client("ec2")) for each in (before, one, other)}) == 3


def test_another_caller_has_other_clients(
    options: AwsOptions, monkeypatch: pytest.MonkeyPatch
) -> None:
    with clients_in_common():
        clients = [options.session().client("ec2"), options.session(bulk=True).client("ec2")]
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIASOMEBODYELSE0000")
        clients.append(options.session().client("ec2"))
        assert len(set(map(id, clients))) == 3
