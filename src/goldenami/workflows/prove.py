"""`goldenami policy prove`: whose policies, in which setting, and what they decide."""

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

from msgspec import Struct, structs

from goldenami import files
from goldenami.aws import authorization_details, images, regions, simulate
from goldenami.aws.errors import FORBIDDEN
from goldenami.aws.parallel import in_regions
from goldenami.aws.session import Aws
from goldenami.domain import arns, prefixes
from goldenami.domain.image import Image
from goldenami.domain.tags import ApprovalTag
from goldenami.errors import AwsError, RefusedError
from goldenami.iam.account import ADMINISTRATOR, Account, NamedDocument
from goldenami.iam.evaluator.decide import Outcome, Policies
from goldenami.iam.evaluator.request import Principal, Request
from goldenami.iam.profiles import OpenWay, Profile, profile_named
from goldenami.iam.proof.cases import Cases
from goldenami.iam.proof.lookup import GoldenImage, ProofSetting
from goldenami.iam.proof.prove import Proof, ProofSubject, prove
from goldenami.iam.reach.search import Reach, reach
from goldenami.iam.render import PolicyDocument
from goldenami.iam.values import ANY_REGION, Values
from goldenami.spec import EnforceFile
from goldenami.workflows import rendering
from goldenami.workflows.enforce.proof import STAND_IN, published, stand_in

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
    found = tuple(NamedDocument(path.name, files.read_text(path)) for path in paths)
    for one in found:
        _ = one.compiled
    return found


def rendered(
    profile: Profile, values: Values
) -> tuple[Profile, tuple[PolicyDocument, ...], tuple[str, ...]]:
    """Render a profile with its companions.

    Returns:
        The profile, or the one that took its place, whose promises count; the documents; and notes
        that say so.
    """
    parts = [rendering.documents(one, values) for one in rendering.chain(profile)]
    notes = tuple(note for _, note in parts if note)
    if parts[0][1] and profile.when_too_large:
        profile = profile_named(profile.when_too_large)
    return profile, tuple(one for several, _ in parts for one in several), notes


def of_profile(profile: Profile, given: Mapping[str, Any], beside: str | None) -> ProofQuestion:
    """Ask what a profile does, with stand-ins for the values that are not given."""
    account = given.get("account", ACCOUNT)
    stand_ins = {
        "account": account,
        "owners": (account,),
        "snapshots": ("snap-0123456789abcdef0",),
        "groups": ("admins",),
    }
    if "pipeline_role" in profile.needs:
        stand_ins["pipeline_role"] = arns.iam_arn("aws", account, "role", "pipeline")
    values = Values(**{**stand_ins, **given})
    profile, documents, notes = rendered(profile, values)
    return noted(of_documents(texts(documents), values, profile, beside), notes)


def of_enforcement(
    aws: Callable[[], Aws],
    file: EnforceFile,
    profile: Profile,
    given: Mapping[str, Any],
    beside: str | None,
) -> ProofQuestion:
    """Ask what an enforcement's profile does to every golden image of every region.

    Args:
        aws: called only if something has to be asked of AWS.
        file: the enforcement.
        profile: its profile, or another one.
        given: values that take the place of the file's and the account's; with snapshots among
            them no image is looked for.
        beside: as in `of_documents`.

    Raises:
        RefusedError: nothing is approved.
        IncompleteError: a region could not be read.
    """
    found: list[Image] = []
    asks_aws = "snapshots" not in given
    if asks_aws and not rendering.tests_owner_alone(profile):
        found = rendering.golden_images(aws(), file)
        given = {**given, "snapshots": rendering.snapshots(found)}
    given = {"groups": file.enforce.groups, **given}
    values = rendering.values(aws, file, profile, given)
    profile, documents, notes = rendered(profile, values)
    question = noted(of_documents(texts(documents), values, profile, beside), notes)
    if asks_aws and values.pipeline_role:
        question = _with_access(question, aws(), values.pipeline_role)
    if not found:
        return question
    return structs.replace(
        question, setting=structs.replace(question.setting, golden=_golden(found))
    )


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
    chosen = beside or ("none" if any(_allows(one) for one in documents) else "admin")
    further = _beside(chosen)
    compiled = tuple(one.compiled for one in (*further, *documents))
    partition = values.partition
    arn = arns.iam_arn(partition, values.account, "user", "somebody")
    where = {"none": "alone", "admin": "beside AdministratorAccess"}.get(chosen, f"beside {chosen}")
    return ProofQuestion(
        subject=ProofSubject(where, Principal.from_arn(arn), Policies(identity=compiled)),
        documents=tuple(one.text for one in (*further, *documents)),
        pipeline=_pipeline(values.pipeline_role, documents),
        setting=_setting(values, profile, documents),
        promises=frozenset(topic for one in rendering.chain(profile) for topic in one.proves),
        ways=tuple(way for one in rendering.chain(profile) for way in one.open),
        notes=(f"proved {where}", *_left_out(values)),
    )


def of_live(aws: Aws, kind: Kind, name: str, values: Values, profile: Profile) -> ProofQuestion:
    """Ask what somebody's policies do now: all of them, boundary and SCPs too.

    Raises:
        UsageError: there is no such user, group or role.
        IncompleteError: a region could not be read.
        RefusedError: nothing is approved.
    """
    account, notes = authorization_details.account(aws)
    one = account.named(kind, name)
    tag = values.tag or profile.tag
    golden = _golden(_approved(aws, tag))
    setting = ProofSetting(
        account=account.id,
        partition=account.partition,
        owners=values.owners or (account.id,),
        tag=tag,
        golden=golden,
        groups=(one.name,) if kind == "group" else (),
        parameter=published(values),
        pipeline_role=values.pipeline_role or "",
    )
    return ProofQuestion(
        subject=ProofSubject(
            f"{kind} {one.name}", account.principal(one), account.policies_of(one)
        ),
        arn=one.arn,
        pipeline=_live_pipeline(account, values.pipeline_role),
        setting=setting,
        promises=frozenset(topic for one in rendering.chain(profile) for topic in one.proves)
        - {"golden-further"},
        access=reach(account, values.pipeline_role) if values.pipeline_role else None,
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
    told: dict[tuple[str, str, str], str] = {}
    found = []
    rows = [row for row in proof.rows if row.subject == question.subject.name]
    for row in rows:
        for decision in row.decisions:
            if decision.outcome is Outcome.UNKNOWN:
                continue
            request = decision.request
            key = (request.action, request.resource, repr(sorted(request.context.items())))
            if key not in told:
                told[key] = _simulated(aws, question, request)
            if (told[key] == simulate.ALLOWED) != decision.allowed:
                found.append(
                    Disagreement(
                        row.case, request.action, request.resource, decision.outcome, told[key]
                    )
                )
    return found


def _with_access(question: ProofQuestion, aws: Aws, role: str) -> ProofQuestion:
    """Ask who can become the pipeline role as well, where the account may be read."""
    try:
        account, notes = authorization_details.account(aws)
    except AwsError as error:
        if error.code not in FORBIDDEN:
            raise
        return noted(question, [f"who can become the pipeline role is not known: {error.message}"])
    return noted(structs.replace(question, access=reach(account, role)), notes)


def _approved(aws: Aws, tag: ApprovalTag) -> list[Image]:
    answers = in_regions(
        regions.enabled(aws), lambda region: images.produced(aws.in_region(region))
    )
    produced = answers.complete("looking for the golden images")
    found = [image for region in produced.values() for image in images.approved(region, tag)]
    if not found:
        raise RefusedError(
            f"no approved image ({tag.key} = {tag.value}) in any of {len(produced)} regions, so "
            "nothing can be proved",
            fix="bake one first, or name the approval tag with --tag",
        )
    return found


def _simulated(aws: Aws, question: ProofQuestion, request: Request) -> str:
    if question.arn:
        return simulate.principal(aws, question.arn, request)
    return simulate.custom(aws, question.documents, request)


def _allows(document: NamedDocument) -> bool:
    return any(one.allows for one in document.compiled.statements)


def _beside(chosen: str) -> tuple[NamedDocument, ...]:
    if chosen == "none":
        return ()
    return (ADMINISTRATOR,) if chosen == "admin" else documents_of([Path(chosen)])


def _pipeline(arn: str | None, documents: Sequence[NamedDocument]) -> ProofSubject | None:
    if arn is None:
        return None
    several = (ADMINISTRATOR, *documents)
    policies = Policies(identity=tuple(one.compiled for one in several))
    return ProofSubject("the pipeline role", Principal.from_arn(arn, session="proof"), policies)


def _live_pipeline(account: Account, arn: str | None) -> ProofSubject | None:
    if arn is None:
        return None
    role = account.named("role", arn)
    return ProofSubject("the pipeline role", account.principal(role), account.policies_of(role))


def _left_out(values: Values) -> Iterator[str]:
    """Say what is not proved."""
    if values.pipeline_role is None:
        yield "no --pipeline-role: that the pipeline can do its work is not proved"
    if values.region != ANY_REGION:
        yield f"rendered for {values.region} alone: other regions are not guarded"


def _golden(found: Iterable[Image]) -> tuple[GoldenImage, ...]:
    return tuple(
        GoldenImage(region=one.region, id=one.id, owner=one.owner, snapshots=one.snapshots)
        for one in found
    )


def _setting(values: Values, profile: Profile, documents: Sequence[NamedDocument]) -> ProofSetting:
    listed = [one for document in documents for one in _SNAPSHOT.findall(document.text)]
    snapshots = values.snapshots or tuple(dict.fromkeys(listed)) or (STAND_IN,)
    owners = values.golden_accounts
    region = "us-east-1" if values.region == ANY_REGION else values.region
    return ProofSetting(
        account=values.account,
        partition=values.partition,
        owners=owners,
        tag=values.tag or profile.tag,
        golden=tuple(stand_in(owners[0], (one,), region) for one in snapshots),
        groups=values.groups,
        parameter=published(values),
        pipeline_role=values.pipeline_role or "",
    )


def texts(documents: Iterable[PolicyDocument]) -> tuple[NamedDocument, ...]:
    """Return rendered documents under the names they are attached by."""
    return tuple(
        NamedDocument(f"{prefixes.POLICIES}{one.name}", json.dumps(one.policy)) for one in documents
    )


def promises_of(name: str | None) -> Profile:
    """Return the profile whose promises policies of unknown origin are held to."""
    return profile_named(name or "guardrail")
