"""Trust policies: whom a role lets in, of its own account and from elsewhere.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html
"""

from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from itertools import chain
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from goldenami.domain.arns import arn, iam_arn
from goldenami.iam.account import Role
from goldenami.iam.evaluator.request import Principal
from goldenami.iam.reach.clauses import Clause, ReachCall, Reading, clauses_in, read

ASSUME = "sts:AssumeRole"
ANYBODY = "*"
_ACTIONS = {
    "AWS": (ASSUME,),
    "Service": (ASSUME,),
    "Federated": ("sts:AssumeRoleWithWebIdentity", "sts:AssumeRoleWithSAML"),
}
Kind = Literal["account", "anybody", "federated", "service"]


class Outsider(Struct, frozen=True, kw_only=True):
    """Somebody whom a role trusts and whose policies are not the account's.

    Args:
        kind: what it is.
        name: as people say it.
        way: by which call it becomes the role, under the conditions of the trust.
    """

    kind: Kind
    name: str
    way: ReachCall


class RoleTrust:
    """A role's trust policy.

    Raises:
        PolicyError: it is no policy document.
    """

    def __init__(self, role: Role) -> None:
        self.account = role.arn.split(":")[4]
        name = f"the trust policy of role {role.name}"
        self._clauses = tuple(map(_trusting, clauses_in(name, role.trust)))
        self._texts = frozenset(text for clause in self._clauses for _, text in clause.principals)
        self._sessions = tuple(text for text in self._texts if ":assumed-role/" in text)

    @cached_property
    def services(self) -> tuple[str, ...]:
        """The services that may assume the role."""
        return tuple(
            outsider.name.partition(" ")[2]
            for outsider in self.outsiders
            if outsider.kind == "service"
        )

    @cached_property
    def outsiders(self) -> tuple[Outsider, ...]:
        """Who is let in from elsewhere, each once."""
        outsiders: dict[str, Outsider] = {}
        for clause in self._clauses:
            for kind, text in sorted(clause.principals) if clause.allows else ():
                if outsider := self._outsider(clause, kind, text):
                    outsiders.setdefault(outsider.name, outsider)
        return tuple(outsiders.values())

    def may_name(self, principal: Principal) -> bool:
        """Tell quickly whether any statement may be about somebody by their name."""
        if principal.arn in self._texts or ANYBODY in self._texts:
            return True
        return any(_is(principal, session) for session in self._sessions)

    def may_name_account(self, principal: Principal) -> bool:
        """Tell quickly whether any statement may be about somebody's account."""
        return not self._texts.isdisjoint(_account(principal))

    def naming(self, principal: Principal) -> tuple[tuple[Clause, ...], tuple[Clause, ...]]:
        """Return what it says of a user or role of the same account.

        Returns:
            The statements that count for them by their name: Allows that name them, and every Deny;
            and all that count, also those that name their account.
        """
        by_name, every = [], []
        for clause in self._clauses:
            texts = {text for kind, text in clause.principals if kind == "AWS"}
            named = any(_is(principal, text) for text in texts)
            if named or texts & _account(principal):
                every.append(clause)
                if named or not clause.allows:
                    by_name.append(clause)
        return tuple(by_name), tuple(every)

    def _outsider(self, clause: Clause, kind: str, text: str) -> Outsider | None:
        action = next(
            (candidate for candidate in _ACTIONS.get(kind, ()) if clause.about(candidate)), None
        )
        identified = _identified(kind, text, self.account)
        if action is None or identified is None:
            return None
        denials = _read(self._denials(kind, text, action))
        if denials.lenient.statements:
            return None
        conditions = (*_read([clause]).depends.values(), *denials.depends.values())
        depends = tuple(dict.fromkeys(chain.from_iterable(conditions)))
        return Outsider(kind=identified[0], name=identified[1], way=ReachCall(action, depends))

    def _denials(self, kind: str, text: str, action: str) -> list[Clause]:
        about = {(kind, text), ("AWS", ANYBODY)}
        return [
            clause
            for clause in self._clauses
            if not clause.allows and about & clause.principals and clause.about(action)
        ]


def _read(clauses: Iterable[Clause]) -> Reading:
    """Read statements about somebody of whom nothing is known, so that every condition is open."""
    return read("trust", clauses, lambda _: False, anywhere=True)


def _trusting(clause: Clause) -> Clause:
    """Return a statement as one of an identity policy, beside whom it is about.

    One without a Principal is none of AWS's, so whom it is about is not known: it is about anybody.
    """
    raw = {key: value for key, value in clause.raw.items() if key != "Principal"}
    principals = frozenset(_principals(clause.raw.get("Principal", ANYBODY)))
    return replace(clause, raw={**raw, "Resource": "*"}, principals=principals)


def _principals(principal: object) -> Iterator[tuple[str, str]]:
    if not isinstance(principal, Mapping):
        principal = {"AWS": principal}
    for kind, names in principal.items():
        for text in names if isinstance(names, list) else [names]:
            yield str(kind), str(text)


def _account(principal: Principal) -> set[str]:
    account = principal.account
    return {account, iam_arn(principal.partition, account, "root")}


def _is(principal: Principal, text: str) -> bool:
    """Tell whether a trust names somebody, or a session of theirs.

    A session may have any name, and a deleted user's or role's unique id is nobody's.
    """
    if text in (ANYBODY, principal.arn):
        return True
    name = principal.arn.rpartition("/")[2]
    sessions = arn(principal.partition, "sts", "", principal.account, "assumed-role", f"{name}/")
    return ":role/" in principal.arn and text.startswith(sessions)


def _identified(kind: str, text: str, account: str) -> tuple[Kind, str] | None:
    """Return who is meant, None for somebody of the same account, or whom nobody is any more."""
    if kind == "Service":
        return "service", f"service {text}"
    if kind == "Federated":
        return "federated", f"identities of {text.rpartition('provider/')[2]}"
    if text == ANYBODY:
        return "anybody", "anybody"
    *_, owner, who = ("", text, "root") if text.isdecimal() else ("", "", *text.split(":", 5)[4:])
    if owner == account and who.startswith("federated-user/"):
        return "federated", who.replace("-", " ").replace("/", " ", 1)
    if owner == account or not owner:
        return None
    whose = "" if who == "root" else f"{who.replace('/', ' ', 1)} of "
    return "account", f"{whose}account {owner}"
