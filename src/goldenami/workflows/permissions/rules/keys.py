"""KMS keys that the release file names, for what EC2 asks KMS in the caller's name.

https://docs.aws.amazon.com/ebs/latest/userguide/ebs-encryption-requirements.html
"""

from collections.abc import Iterator

from goldenami.iam.permissions.grant import Conditions, GrantUse, condition, equals
from goldenami.workflows.permissions.rules.interface import (
    GrantBounds,
    GrantRule,
    GrantRules,
    conditions,
    of_each,
)
from goldenami.workflows.permissions.scope import ANY, PermissionScope

BY_EC2 = ("kms:CreateGrant", "kms:Decrypt", "kms:ReEncryptFrom", "kms:ReEncryptTo")
"""What EC2 asks KMS in the name of who makes or copies encrypted volumes and images."""


def named(scope: PermissionScope) -> Iterator[str]:
    """Yield the keys of the file that are for the role's account."""
    release = scope.release
    if scope.is_home:
        for base in scope.bases:
            yield from (volume.kms_key for volume in base.volumes if volume.kms_key)
        for region in release.destinations:
            if key := release.kms_key(region):
                yield key
        return
    for copies in release.copies:
        if copies.account == scope.account:
            yield from copies.kms_keys.values()
    yield from _of_home(scope)


def _of_home(scope: PermissionScope) -> Iterator[str]:
    """Yield the keys that what is copied from the home account is encrypted with."""
    release = scope.release
    for base in scope.bases:
        for volume in base.volumes:
            if volume.kms_key and volume.kms_key.startswith("arn:"):
                yield volume.kms_key
    for region in release.destinations:
        key = release.kms_key(region)
        if key and key.startswith("arn:"):
            yield key


def _bounds(
    scope: PermissionScope, sid: str, more: Conditions, use: GrantUse
) -> Iterator[GrantBounds]:
    keys, aliases = set(), set()
    for key in named(scope):
        alias = key.partition(":alias/")[2] or key.partition("alias/")[2]
        if alias:
            aliases.add(f"alias/{alias}")
        else:
            keys.add(key if key.startswith("arn:") else scope.arn("kms", "key", key))
    if keys:
        yield GrantBounds(sid, tuple(sorted(keys)), conditions(more, scope.here), use)
    if aliases:  # a policy cannot name a key by its alias: only test which aliases it has
        has = condition("ForAnyValue:StringEquals", "kms:ResourceAliases", aliases)
        any_key = scope.arn("kms", "key", ANY)
        yield GrantBounds(sid, (any_key,), conditions(has, more, scope.here), use)


def _look(scope: PermissionScope) -> Iterator[GrantBounds]:
    """What is tried before a bake, by the caller himself: neither gives anybody any plaintext."""
    return _bounds(scope, "TryKeys", (), GrantUse.LOOK)


def _by_ec2(*more: str) -> GrantRule:
    def rule(scope: PermissionScope) -> Iterator[GrantBounds]:
        services = (f"ec2.{region}.{scope.dns_suffix}" for region in scope.regions)
        by = conditions(
            equals("kms:ViaService", *services),
            [condition("Bool", key, ["true"]) for key in more],
        )
        return _bounds(scope, "LetEc2UseKeys", by, GrantUse.SERVICE)

    return rule


RULES: GrantRules = {
    **of_each(_look, "kms:DescribeKey", "kms:GenerateDataKeyWithoutPlaintext"),
    **of_each(_by_ec2(), "kms:Decrypt", "kms:ReEncryptFrom", "kms:ReEncryptTo"),
    "kms:CreateGrant": _by_ec2("kms:GrantIsForAWSResource"),
}
