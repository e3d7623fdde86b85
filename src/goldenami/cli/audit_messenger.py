"""Tells people of an audit (`goldenami audit --notify`); its verdict stays what it is."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from goldenami.errors import GoldenamiError, InterruptedRunError
from goldenami.report import notification
from goldenami.report.terminal import say, tell

if TYPE_CHECKING:
    from goldenami.aws.session import Aws
    from goldenami.domain.audit.document import Document
    from goldenami.domain.audit.notification import Notification
    from goldenami.spec.notify import Notify
    from goldenami.workflows.notify import Receivers


class Messenger:
    """Who tells of one audit, to those whom a release file names.

    Args:
        notify: who they are; None if nobody is to be told.
        aws: returns the caller.
        link: where the report is.
        release: the release file's name.

    Raises:
        UsageError: the file names nobody, or what names a webhook is wrong.
    """

    def __init__(
        self, notify: "Notify | None", aws: "Callable[[], Aws]", *, link: str, release: str
    ) -> None:
        self._to = _receivers(notify) if notify else None
        self._aws = aws
        self._link = link
        self._release = release
        self._problems: tuple[str, ...] = ()

    @contextmanager
    def of_failure(self) -> Iterator[None]:
        """Tell of an audit that fails in the block; nobody else does."""
        try:
            yield
        except InterruptedRunError:
            raise
        except GoldenamiError as error:
            self._send(notification.of_failure(error, self._release))
            raise

    def tell(self, document: "Document") -> None:
        """Tell of an audit, if there is anything to tell."""
        if self._to is None:
            return
        if notification.is_news(document.audit):
            self._send(notification.of_audit(document, self._link))
        else:
            say("nothing is new, so nobody is notified")

    def finish(self) -> None:
        """Fail where nothing else does, if somebody could not be told.

        Raises:
            GoldenamiError: somebody could not.
        """
        if self._problems:
            raise GoldenamiError(
                "the audit found nothing, but not everybody could be notified of it",
                notes=self._problems,
            )

    def _send(self, message: "Notification") -> None:
        if self._to is None:
            return
        from goldenami.workflows import notify as workflow

        self._problems = workflow.send(self._aws, self._to, message)
        tell([f"not notified: {problem}" for problem in self._problems], "warning")
        if not self._problems:
            say("notified those whom the release file names")


def _receivers(notify: "Notify") -> "Receivers":
    from goldenami.workflows import notify as workflow

    return workflow.receivers(notify, os.environ)
