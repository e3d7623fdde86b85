"""Who may become a role: trust policies, and what is wrong with some.

https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_providers_create_oidc.html
https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_common-scenarios_third-party.html
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from goldenami.domain.arns import iam_arn

GITHUB = "token.actions.githubusercontent.com"
AUDIENCE = "sts.amazonaws.com"
_WEB = "sts:AssumeRoleWithWebIdentity"


def by_github(partition: str, account: str, subjects: Sequence[str]) -> dict[str, Any]:
    """Return the trust in jobs of GitHub's, by the subjects of their tokens.

    https://docs.github.com/en/actions/how-tos/secure-your-work/security-harden-deployments/oidc-in-aws

    Args:
        partition: such as ``aws``.
        account: whose identity provider it is.
        subjects: ``repo:OWNER/NAME:ref:refs/heads/main``, ``repo:OWNER/NAME:environment:NAME``.
    """
    provider = iam_arn(partition, account, "oidc-provider", GITHUB)
    tested = {f"{GITHUB}:aud": AUDIENCE, f"{GITHUB}:sub": _one_or_all(subjects)}
    return _trust({"Federated": provider}, _WEB, {"StringEquals": tested})


def by_account(partition: str, account: str, external_id: str) -> dict[str, Any]:
    """Return the trust in another account, which has to say an external id."""
    principal = {"AWS": iam_arn(partition, account, "root")}
    return _trust(principal, "sts:AssumeRole", {"StringEquals": {"sts:ExternalId": external_id}})


def by_role(arn: str) -> dict[str, Any]:
    """Return the trust in one role."""
    return _trust({"AWS": arn}, "sts:AssumeRole", {})


def by_service(service: str) -> dict[str, Any]:
    """Return the trust in a service, such as ``ec2.amazonaws.com``."""
    return _trust({"Service": service}, "sts:AssumeRole", {})


def _trust(
    principal: Mapping[str, str], action: str, tested: Mapping[str, Mapping[str, Any]]
) -> dict[str, Any]:
    statement = {"Effect": "Allow", "Principal": dict(principal), "Action": action}
    return {
        "Version": "2012-10-17",
        "Statement": [{**statement, **({"Condition": dict(tested)} if tested else {})}],
    }


def _one_or_all(values: Sequence[str]) -> str | list[str]:
    return values[0] if len(values) == 1 else list(values)


def problems(document: Mapping[str, Any], account: str) -> Iterator[str]:
    """Yield what is wrong with a trust policy, beyond what AWS refuses.

    Of several subjects of GitHub's, AWS looks at the first alone when a role is made, so that any
    other may be a ``*`` that trusts everybody.

    Args:
        document: the trust policy.
        account: the account of the role.
    """
    listed = document["Statement"]
    for statement in [listed] if isinstance(listed, Mapping) else listed:
        if statement.get("Effect") != "Allow":
            continue
        principal = statement.get("Principal", {})
        tests = {
            (operator, key.lower()): _texts(values)
            for operator, keys in statement.get("Condition", {}).items()
            for key, values in keys.items()
        }
        if principal == "*" or "*" in _texts(principal.get("AWS", ())):
            yield "it trusts everybody: name an account, a role or a provider"
            continue
        for provider in _texts(principal.get("Federated", ())):
            yield from _of_provider(provider.partition(":oidc-provider/")[2].lower(), tests)
        for arn in _texts(principal.get("AWS", ())):
            yield from _of_account(arn, account, tests)


def _of_provider(name: str, tests: Mapping[tuple[str, str], tuple[str, ...]]) -> Iterator[str]:
    if not name:
        return
    audiences = tests.get(("StringEquals", f"{name}:aud"), ())
    if not audiences or any("*" in each for each in audiences):
        yield f"it does not test {name}:aud by StringEquals: any other audience's token is taken"
    subjects = [
        value for (_, key), values in tests.items() if key == f"{name}:sub" for value in values
    ]
    if not subjects:
        yield f"it does not test {name}:sub: every repository of everybody is trusted"
    for subject in subjects:
        if name == GITHUB and not _names_a_job(subject):
            yield (
                f"the subject `{subject}` is not one branch, tag or environment of one repository: "
                "name it whole"
            )
    if subjects and ("StringEquals", f"{name}:sub") not in tests:
        yield f"it tests {name}:sub by another operator than StringEquals"


def _names_a_job(subject: str) -> bool:
    kind, _, rest = subject.partition(":")
    repository, _, job = rest.partition(":")
    named = repository.count("/") == 1 and all(repository.split("/"))
    exact = not {"*", "?"} & {*subject}
    return kind == "repo" and named and bool(job) and exact


def _of_account(
    arn: str, account: str, tests: Mapping[tuple[str, str], tuple[str, ...]]
) -> Iterator[str]:
    """Whoever a whole account lets in could be sent by somebody else: it has to say an id."""
    parts = arn.split(":")
    named = parts[4] if len(parts) > 5 else arn
    whole = len(parts) <= 5 or parts[5] == "root"
    if named != account and whole and not any(tests.get(("StringEquals", "sts:externalid"), ())):
        yield f"account {named} is another one and need not say an external id"


def _texts(value: Any) -> tuple[str, ...]:
    return tuple(map(str, value)) if isinstance(value, list | tuple) else (str(value),)
