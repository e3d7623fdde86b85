"""What IAM operations have in common: the store, and pages.

https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetAccountAuthorizationDetails.html
"""

from collections.abc import Sequence
from typing import Any, cast

from moto.core.responses import ActionResult
from moto.iam.exceptions import InvalidInput
from moto.iam.responses import IamResponse as MotoResponse

from goldenami_sandbox.iam.store import IamStore
from goldenami_sandbox.overriding import overrides

PAGE_SIZE = 100
_FIRST = "item-"

Found = tuple[str, Any]
"""The list of an answer that something belongs in, and the thing itself."""


class IamBase(MotoResponse):
    """IAM's store of the calling account, and pages by MaxItems and Marker."""

    @property
    @overrides
    def backend(self) -> IamStore:
        """The store of the calling account."""
        return cast(IamStore, super().backend)

    def paged(self, keys: Sequence[str], items: Sequence[Found]) -> ActionResult:
        """Answer with the page that the request asks for, each thing in its list."""
        marker = self._get_param("Marker") or f"{_FIRST}0"
        if not marker.removeprefix(_FIRST).isdigit():
            raise InvalidInput(f"Invalid Marker: {marker}")
        start = int(marker.removeprefix(_FIRST))
        end = start + int(self._get_param("MaxItems") or PAGE_SIZE)
        answer: dict[str, Any] = {key: [] for key in keys}
        for key, item in items[start:end]:
            answer[key].append(item)
        truncated = end < len(items)
        more = {"Marker": f"{_FIRST}{end}"} if truncated else {}
        return ActionResult(answer | more | {"IsTruncated": truncated})
