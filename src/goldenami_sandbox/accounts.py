"""Several accounts: whose an access key is, and the root user of another account."""

from moto.iam import models
from moto.iam.models import AccessKey, iam_backends
from moto.utilities.utils import get_partition

from goldenami_sandbox.identity import ACCOUNT_ID, ROOT_ACCESS_KEY_ID
from goldenami_sandbox.overriding import replace

_LASTING = "AKIA"
"""How access keys begin that are no session's."""

_mark_as_visited = models.mark_account_as_visited


def install() -> None:
    """Let moto look for an access key where there are some.

    It makes each account's IAM in every partition, with all of AWS's policies, for each first call.
    """
    replace(models, "get_account_id_from", account_of)
    replace(models, "mark_account_as_visited", _visited)


def root_of(account: str, region: str = "us-east-1") -> str:
    """Return an access key of an account's root user; the account is there from then on.

    Args:
        account: its id.
        region: one of the partition in which the key is known.
    """
    if account == ACCOUNT_ID:
        return ROOT_ACCESS_KEY_ID
    keys = iam_backends[account][get_partition(region)].access_keys
    for key in keys.values():
        if is_root(key.access_key_id):
            return str(key.access_key_id)
    root_key = AccessKey(None, _LASTING, account)  # type: ignore[abstract]
    keys[root_key.access_key_id] = root_key
    return str(root_key.access_key_id)


def account_of(access_key_id: str) -> str:
    """Return whose an access key is; one that nobody owns is taken for the sandbox's own."""
    if access_key_id != ROOT_ACCESS_KEY_ID:
        for account, stores in list(iam_backends.items()):
            if any(access_key_id in store.access_keys for store in list(stores.values())):
                return account
    return ACCOUNT_ID


def key_of(access_key_id: str) -> AccessKey | None:
    """Return what moto keeps of an access key, None if there is no such key."""
    for store in list(iam_backends[account_of(access_key_id)].values()):
        if key := store.access_keys.get(access_key_id):
            return key
    return None


def is_root(access_key_id: str) -> bool:
    """Say whether an access key is a root user's."""
    if access_key_id == ROOT_ACCESS_KEY_ID:
        return True
    key = key_of(access_key_id)
    return key is not None and not key.user_name and access_key_id.startswith(_LASTING)


def _visited(account_id: str, access_key: str, service: str, region: str) -> None:
    """Note when a key was used last, if there is such a key."""
    if key_of(access_key):
        _mark_as_visited(account_id, access_key, service, region)
