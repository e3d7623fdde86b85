"""`goldenami policy prove`: whose policies, in which setting, and what they decide."""

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Literal

from msgspec import Struct, structs

from goldenami import files
from goldenami.aws import authorization_details, policy_simulator, regions
from goldenami.aws.errors import FORBIDDEN
from goldenami.aws.parallel import ahead
from goldenami.aws.session import Aws
from goldenami.domain import arns, prefixes
from goldenami.domain.tags import ApprovalTag
from goldenami.errors import AwsError
from goldenami.iam.account import ADMINISTRATOR, NamedDocument
from goldenami.iam.evaluator.decide import Outcome, Policies
from goldenami.iam.evaluator.request import Principal
from goldenami.iam.profiles import OpenWay, Profile, profile_named
from goldenami.iam.proof.cases import Cases
from goldenami.iam.proof.lookup import GoldenImage, ProofSetting
from goldenami.iam.proof.prove import Proof, ProofSubject, prove
from goldenami.iam.reach.search import Reach, reach
from goldenami.iam.values import ANY_REGION, Values
from goldenami.spec import EnforceFile
from goldenami.workflows.enforce import rendering
from goldenami.workflows.enforce.proof import (
    NOT_NEEDED,
    PIPELINE,
    STAND_IN,
    pipeline,
    setting,
    stand_in,
    subject,
)

Kind = Literal["user", "group", "role"]

ACCOUNT = "123456789012"
"""Stands for an account that nobody named: what is proved holds in any."""

_SNAPSHOT = re.compile(r":snapshot/(snap-[0-9a-f]+)")


class ProofQuestion(Struct, frozen=True, kw_only=True):
    """What is to be proved.

    Args:
        subject: whose policies.
        documents: their texts, to ask AWS the same; empty for a live principal.
        arn: the live principal's ARN, empty for documents.
        pipeline: the pipeline role, None to leave its cases out.
        setting: the account and its golden images.
        promises: what has to hold.
        ways: the ways around it that are known.
        access: who can become the pipeline role as the account is now; None if that was not asked.
        notes: what the user should know.
    """

    subject: ProofSubject
    documents: tuple[str, ...] = ()
    arn: str = ""
    pipeline: ProofSubject | None = None
    setting: ProofSetting
    promises: frozenset[str]
    ways: tuple[OpenWay, ...] = ()
    access: Reach | None = None
    notes: tuple[str, ...] = ()


class Disagreement(Struct, frozen=True):
    """A request that AWS's simulator decides otherwise."""

    case: str
    action: str
    resource: str
    goldenami: str
    aws: str


def documents_of(paths: Iterable[Path]) -> tuple[NamedDocument, ...]:
    """Read policy files: each a policy document.

    Raises:
        SpecError: a file cannot be read.
        PolicyError: it is no policy document, or has what the evaluator does not know.
    """
    documents = tuple(NamedDocument(path.name, files.read_text(path)) for path in paths)
    for document in documents:
        _ = document.compiled
    return documents


def of_profile(profile: Profile, overrides: Mapping[str, Any], beside: str | None) -> ProofQuestion:
    """Ask what a profile does, with stand-ins for the values that nobody chose."""
    account = overrides.get("account", ACCOUNT)
    stand_ins = {
        "account": account,
        "owners": (account,),
        "snapshots": ("snap-0123456789abcdef0",),
        "groups": ("admins",),
    }
    if "pipeline_role" in profile.needs:
        stand_ins["pipeline_role"] = arns.iam_arn("aws", account, "role", "pipeline")
    return _of_rendered(profile, Values(**{**stand_ins, **overrides}), beside)


def of_enforcement(
    aws: Callable[[], Aws],
    file: EnforceFile,
    profile: Profile,
    overrides: Mapping[str, Any],
    beside: str | None,
) -> ProofQuestion:
    """Ask what an enforcement's profile does to every golden image of every region.

    Args:
        aws: called only if something has to be asked of AWS.
        file: the enforcement.
        profile: its profile, or another one.
        overrides: values that take the place of the file's and the account's; with snapshots among
            them no image is looked for.
        beside: as in `of_documents`.

    Raises:
        RefusedError: nothing is approved.
        IncompleteError: a region could not be read.
    """
    golden: tuple[GoldenImage, ...] = ()
    asks_aws = "snapshots" not in overrides
    if asks_aws and not rendering.tests_owner_alone(profile):
        golden = rendering.golden_images(aws(), file.approval_tag, file.release)
        overrides = {**overrides, "snapshots": rendering.snapshots(golden)}
    values = rendering.values_of(aws, file, profile, overrides)
    question = _of_rendered(profile, values, beside)
    if asks_aws and values.pipeline_role:
        question = _with_access(question, aws(), values.pipeline_role)
    if not golden:
        return question
    return structs.replace(question, setting=structs.replace(question.setting, golden=golden))


def of_documents(
    documents: Sequence[NamedDocument], values: Values, profile: Profile, beside: str | None
) -> ProofQuestion:
    """Ask what documents do to somebody who has them.

    Args:
        documents: the policies.
        values: the account, the owners, the tag, the snapshots, the pipeline role.
        profile: whose promises have to hold, with its companions'.
        beside: ``admin``, ``none``, or the path of another policy; None chooses: documents that
            only deny stand beside AdministratorAccess, since alone they would prove nothing.
    """
    chosen = beside or ("none" if any(map(_allows, documents)) else "admin")
    every = (*_beside(chosen), *documents)
    arn = arns.iam_arn(values.partition, values.account, "user", "somebody")
    where = {"none": "alone", "admin": "beside AdministratorAccess"}.get(chosen, f"beside {chosen}")
    return ProofQuestion(
        subject=ProofSubject(where, Principal.from_arn(arn), _policies(every)),
        documents=tuple(document.text for document in every),
        pipeline=pipeline(values.pipeline_role, _policies((ADMINISTRATOR, *documents))),
        setting=setting(values, profile, _stand_ins(values, documents), values.groups),
        promises=_promises(profile),
        ways=tuple(way for link in rendering.chain(profile) for way in link.open),
        notes=(f"proved {where}", *_left_out(values)),
    )


def of_live(
    aws: Aws, kind: Kind, name: str, overrides: Mapping[str, Any], profile: Profile
) -> ProofQuestion:
    """Ask what somebody's policies do now: all of them, boundary and SCPs too.

    Args:
        aws: whose account.
        kind: what they are.
        name: how they are called.
        overrides: values that take the place of the account's.
        profile: whose promises have to hold, with its companions'.

    Raises:
        UsageError: there is no such user, group or role.
        IncompleteError: a region could not be read.
        RefusedError: nothing is approved.
    """
    regions.begin(aws)
    reading = ahead(partial(authorization_details.account, aws))
    tag = profile.tag
    if "tag_key" in overrides:
        tag = ApprovalTag(overrides["tag_key"], overrides.get("tag_value", ""))
    looking = ahead(partial(rendering.golden_images, aws, tag))
    account, notes = reading()
    values = Values(**{**overrides, "account": account.id, "partition": account.partition})
    principal, role = account.named(kind, name), values.pipeline_role
    golden = looking()
    groups = (principal.name,) if kind == "group" else ()
    live = subject(account, "role", account.named("role", role)) if role else None
    return ProofQuestion(
        subject=subject(account, kind, principal),
        arn=principal.arn,
        pipeline=live and structs.replace(live, name=PIPELINE),
        setting=setting(values, profile, golden, groups),
        promises=_promises(profile) - {NOT_NEEDED},
        access=reach(account, role) if role else None,
        notes=(*notes, *_left_out(values)),
    )


def noted(question: ProofQuestion, notes: Sequence[str]) -> ProofQuestion:
    """Return a question with further notes."""
    return structs.replace(question, notes=(*question.notes, *notes))


def answer(question: ProofQuestion, cases: Cases) -> Proof:
    """Decide every case."""
    return prove((question.subject,), question.pipeline, cases, question.setting, question.promises)


def disagreements(aws: Aws, question: ProofQuestion, proof: Proof) -> list[Disagreement]:
    """Ask IAM's simulator every request of a proof too, and return what it decides otherwise.

    What is unknown here is not compared.

    Raises:
        AwsError: the simulator refused.
    """
    simulated: dict[tuple[str, str, str], str] = {}  # cases have requests in common
    differing = []
    decided = [
        (row.case, decision)
        for row in proof.rows
        if row.subject == question.subject.name
        for decision in row.decisions
        if decision.outcome is not Outcome.UNKNOWN
    ]
    for case, decision in decided:
        request = decision.request
        key = (request.action, request.resource, repr(sorted(request.context.items())))
        if key not in simulated:
            simulated[key] = policy_simulator.decision(
                aws, request, arn=question.arn, documents=question.documents
            )
        if (simulated[key] == policy_simulator.ALLOWED) != decision.allowed:
            own, theirs = decision.outcome, simulated[key]
            differing.append(Disagreement(case, request.action, request.resource, own, theirs))
    return differing


def _of_rendered(profile: Profile, values: Values, beside: str | None) -> ProofQuestion:
    """Ask of a profile with its companions; of one that is too large, what takes its place."""
    rendered = [rendering.of_profile(link, values) for link in rendering.chain(profile)]
    notes = [note for _, note in rendered if note]
    if rendered[0][1] and profile.when_too_large:
        profile = profile_named(profile.when_too_large)  # its promises are those that count
    documents = [
        NamedDocument(f"{prefixes.POLICIES}{document.name}", json.dumps(document.policy))
        for documents, _ in rendered
        for document in documents
    ]
    return noted(of_documents(documents, values, profile, beside), notes)


def _with_access(question: ProofQuestion, aws: Aws, role: str) -> ProofQuestion:
    """Ask who can become the pipeline role as well, where the account may be read."""
    try:
        account, notes = authorization_details.account(aws)
    except AwsError as error:
        if error.code not in FORBIDDEN:
            raise
        return noted(question, [f"who can become the pipeline role is not known: {error.message}"])
    return noted(structs.replace(question, access=reach(account, role)), notes)


def _promises(profile: Profile) -> frozenset[str]:
    return frozenset(topic for link in rendering.chain(profile) for topic in link.proves)


def _allows(document: NamedDocument) -> bool:
    return any(statement.allows for statement in document.compiled.statements)


def _beside(chosen: str) -> tuple[NamedDocument, ...]:
    if chosen == "none":
        return ()
    return (ADMINISTRATOR,) if chosen == "admin" else documents_of([Path(chosen)])


def _policies(documents: Iterable[NamedDocument]) -> Policies:
    return Policies(identity=tuple(document.compiled for document in documents))


def _left_out(values: Values) -> Iterator[str]:
    """Say what is not proved."""
    if values.pipeline_role is None:
        yield "no --pipeline-role: that the pipeline can do its work is not proved"
    if values.region != ANY_REGION:
        yield f"rendered for {values.region} alone: other regions are not guarded"


def _stand_ins(values: Values, documents: Sequence[NamedDocument]) -> tuple[GoldenImage, ...]:
    """Return images that stand for those whose snapshots are listed, or for any."""
    listed = [name for document in documents for name in _SNAPSHOT.findall(document.text)]
    snapshots = values.snapshots or tuple(dict.fromkeys(listed)) or (STAND_IN,)
    region = "us-east-1" if values.region == ANY_REGION else values.region
    owner = values.golden_accounts[0]
    return tuple(stand_in(owner, (snapshot,), region) for snapshot in snapshots)
