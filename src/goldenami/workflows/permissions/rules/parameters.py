"""SSM parameters: those of this golden image, by name.

https://docs.aws.amazon.com/systems-manager/latest/userguide/sysman-paramstore-access.html
"""

from collections.abc import Collection, Iterator

from goldenami.domain import arns, prefixes
from goldenami.domain.choices import PermissionCommand
from goldenami.domain.names import PUBLISHED
from goldenami.iam.permissions.grant import GrantUse
from goldenami.workflows.permissions.rules.interface import (
    GrantBounds,
    GrantRules,
    conditions,
    used,
)
from goldenami.workflows.permissions.scope import ANY, PermissionScope

_OF_ALL_IMAGES = (
    PermissionCommand.AUDIT, PermissionCommand.REMEDIATE, PermissionCommand.SWEEP,
    PermissionCommand.REVOKE, PermissionCommand.OUTDATED, PermissionCommand.RETIRE,
    PermissionCommand.PRUNE,
)  # fmt: skip
"""The commands that read what other golden images were made of, too."""
_CHANGING_OTHERS = (PermissionCommand.REVOKE, PermissionCommand.SWEEP)
"""The commands that change what other golden images are: what was made of a revoked one."""
_ALLOWED_AMIS = (PermissionCommand.ENFORCE, PermissionCommand.AUDIT)


def _named(scope: PermissionScope, *names: str) -> tuple[str, ...]:
    return tuple(sorted({scope.arn("ssm", "parameter", name) for name in names}))


def _published(scope: PermissionScope) -> tuple[str, ...]:
    own = scope.release.parameters
    return (*own, PUBLISHED) if scope.command is PermissionCommand.REVOKE and own else own


def _own(
    scope: PermissionScope, of_all: Collection[PermissionCommand] = _CHANGING_OTHERS
) -> Iterator[str]:
    """Yield what goldenami keeps of the image: who may bake it, its builds, its manifests."""
    if not scope.is_home:
        return
    every = scope.command in of_all
    image = ANY if every else scope.image
    yield f"{prefixes.LEASES}{image}"
    for kept in (prefixes.BUILDS, prefixes.MANIFESTS):
        yield f"{kept}{image}" if every else f"{kept}{image}/{ANY}"
    if scope.command in _ALLOWED_AMIS:
        yield prefixes.ALLOWED_AMIS


def _read(scope: PermissionScope) -> Iterator[GrantBounds]:
    names = [*_own(scope, _OF_ALL_IMAGES), *_published(scope)]
    if scope.command in (PermissionCommand.AUDIT, PermissionCommand.REMEDIATE):
        listed = (each.removeprefix("ssm:") for each in scope.release.audit.approved)
        names += [PUBLISHED, *(each for each in listed if each.startswith("/"))]
    where = conditions(scope.looking())
    yield GrantBounds("ReadParameters", _named(scope, *names), where)
    yield from _source(scope)


def _source(scope: PermissionScope) -> Iterator[GrantBounds]:
    """The parameter of the source: AWS's own have an ARN without an account.

    Both forms, since AWS's pages show both.
    https://docs.aws.amazon.com/systems-manager/latest/userguide/parameter-store-public-parameters.html
    """
    if not scope.is_home or scope.command not in (
        PermissionCommand.BAKE, PermissionCommand.OUTDATED,
    ):  # fmt: skip
        return
    names = [base.source.ssm for base in scope.bases if base.source.ssm]
    if not names:
        return
    with_account = (
        arns.pattern(scope.partition, "ssm", ANY, scope.account, f"parameter{name}")
        for name in names
        if name.startswith("/")
    )
    sources = tuple(sorted({*_named(scope, *names), *with_account}))
    yield GrantBounds("ReadSource", sources, conditions(scope.looking()))


def _write(scope: PermissionScope) -> Iterator[GrantBounds]:
    names = [*_own(scope)] if scope.command is not PermissionCommand.REMEDIATE else []
    if scope.command is PermissionCommand.ENFORCE:
        yield GrantBounds(
            "WriteSetting", _named(scope, prefixes.ALLOWED_AMIS), conditions(scope.looking())
        )
        return
    if scope.command is not PermissionCommand.SWEEP:
        names += _published(scope)
    if names:
        yield GrantBounds("WriteParameters", _named(scope, *names), conditions(scope.here))


def _label(scope: PermissionScope) -> Iterator[GrantBounds]:
    if published := _published(scope):
        named = _named(scope, *published)
        yield GrantBounds("WriteParameters", named, conditions(scope.here))


def _unlabel(scope: PermissionScope) -> Iterator[GrantBounds]:
    """A label moves from one version to another only if it stood on a wrong one."""
    for each in _label(scope):
        yield GrantBounds(each.sid, each.resources, each.conditions, GrantUse.RESUME)


def _delete(scope: PermissionScope) -> Iterator[GrantBounds]:
    """The lease at the end; what a move has made anew goes again if the move fails."""
    where = conditions(scope.here)
    if scope.command is PermissionCommand.ENFORCE:
        kept = _named(scope, prefixes.ALLOWED_AMIS)
        yield GrantBounds("WriteSetting", kept, conditions(scope.looking()))
        return
    if scope.is_home:
        image = ANY if scope.command in _CHANGING_OTHERS else scope.image
        lease = _named(scope, f"{prefixes.LEASES}{image}")
        yield GrantBounds("WriteParameters", lease, where)
    if scope.command is PermissionCommand.SWEEP:
        records = _named(scope, f"{prefixes.BUILDS}{ANY}")
        yield GrantBounds("WriteParameters", records, where)
    elif published := _published(scope):
        yield GrantBounds("TakeBack", _named(scope, *published), where, GrantUse.UNDO)


def _history(scope: PermissionScope) -> Iterator[GrantBounds]:
    """Of what is published, and of a lease that somebody else holds."""
    names = [*_published(scope)]
    if scope.is_home:
        image = ANY if scope.command in _OF_ALL_IMAGES else scope.image
        names.append(f"{prefixes.LEASES}{image}")
    if names:
        yield GrantBounds("ReadParameters", _named(scope, *names), conditions(scope.looking()))


def _by_path(scope: PermissionScope) -> Iterator[GrantBounds]:
    """A path, with and without what is below it: AWS authorizes on the path itself."""
    paths = [kept.rstrip("/") for kept in (prefixes.BUILDS, prefixes.MANIFESTS)]
    if scope.command not in _OF_ALL_IMAGES:
        paths = [f"{path}/{scope.image}" for path in paths]
    if scope.command is PermissionCommand.SWEEP:
        paths.append(prefixes.LEASES.rstrip("/"))
    if scope.command in (PermissionCommand.AUDIT, PermissionCommand.REMEDIATE):
        paths.append(PUBLISHED.removesuffix("/*"))
    names = [name for path in paths for name in (path, f"{path}/*")]
    yield GrantBounds("ListParameters", _named(scope, *names), conditions(scope.looking()))


def _service_setting(scope: PermissionScope) -> Iterator[GrantBounds]:
    setting = scope.arn(
        "ssm", "servicesetting", "ssm/managed-instance/default-ec2-instance-management-role"
    )
    yield GrantBounds("LookFirst", (setting,), conditions(scope.here), GrantUse.LOOK)


RULES: GrantRules = {
    "ssm:DeleteParameter": _delete,
    "ssm:GetParameter": _read,
    "ssm:GetParameterHistory": used(_history, GrantUse.SOMETIMES),
    "ssm:GetParameters": _read,
    "ssm:GetParametersByPath": _by_path,
    "ssm:GetServiceSetting": _service_setting,
    "ssm:LabelParameterVersion": _label,
    "ssm:PutParameter": _write,
    "ssm:UnlabelParameterVersion": _unlabel,
}
