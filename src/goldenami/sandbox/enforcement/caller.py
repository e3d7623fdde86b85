"""Who signed a request: a user, or a session of a role."""

from typing import cast

from moto.iam.models import AccessKey, Role, iam_backends
from moto.sts.models import AssumedRole, sts_backends
from msgspec import Struct

from goldenami.iam.evaluator.request import Principal
from goldenami.sandbox.mends import organizations
from goldenami.sandbox.mends.iam import IamStore
from goldenami.sandbox.mends.iam_boundaries import User
from goldenami.sandbox.mends.sts import Session
from goldenami.sandbox.server import ACCOUNT_ID

PARTITION = "aws"


class Caller(Struct, frozen=True):
    """A principal, and what moto keeps of it.

    Args:
        arn: as error messages name him: a session has an ARN of its own.
        principal: as policies see him.
        entity: the user, or the role of the session.
        session: the session, None for a user.
    """

    arn: str
    principal: Principal
    entity: User | Role
    session: Session | None = None


def store() -> IamStore:
    """Return the account's IAM."""
    return cast(IamStore, iam_backends[ACCOUNT_ID][PARTITION])


def caller_of(access_key_id: str) -> Caller | None:
    """Return who owns an access key; None if it is the account's root."""
    session = _session(access_key_id)
    if session is not None:
        role = store().get_role_by_arn(session.role_arn)
        return Caller(session.arn, _role(role, session), role, session)
    key: AccessKey | None = store().access_keys.get(access_key_id)
    if key is None or not key.user_name:
        return None
    user = store().bounded_user(key.user_name)
    tags = {
        one["Key"]: one["Value"] for one in store().tagger.list_tags_for_resource(user.arn)["Tags"]
    }
    return Caller(user.arn, _principal(user.arn, tags, user.id, ""), user)


def _session(access_key_id: str) -> Session | None:
    found: AssumedRole | None = sts_backends[ACCOUNT_ID][
        PARTITION
    ].get_assumed_role_from_access_key(access_key_id)
    return Session.of(found) if found else None


def _role(role: Role, session: Session) -> Principal:
    tags = {one["Key"]: one["Value"] for one in role.tags or []} | dict(session.tags)
    return _principal(role.arn, tags, role.id, session.name)


def _principal(arn: str, tags: dict[str, str], unique_id: str, session: str) -> Principal:
    organization = organizations.organization_of(ACCOUNT_ID)
    return Principal.of(
        arn,
        tags=tags,
        unique_id=unique_id,
        session=session,
        organization=organization.id if organization else "",
        in_management_account=bool(organization and organization.manages(ACCOUNT_ID)),
    )
