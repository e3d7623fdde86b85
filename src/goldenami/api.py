"""goldenami for other programs: what the command line does, without a command line.

``from goldenami import audit, load_release, prove``; docs/api.md tells what is promised of them.
"""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from goldenami import spec
from goldenami.spec import ReleaseFile

if TYPE_CHECKING:
    from goldenami.domain.audit.document import Document
    from goldenami.iam.proof.prove import Proof

__all__ = ["audit", "load_release", "prove"]


def load_release(path: str | Path) -> ReleaseFile:
    """Read and check a release file; no AWS call is made.

    Raises:
        SpecError: with every problem of it, each with its line (``problems``).
    """
    return spec.load(Path(path))


def prove(
    *policies: str | Path | Mapping[str, Any],
    profile: str = "guardrail",
    account: str | None = None,
    owners: Iterable[str] = (),
    snapshots: Iterable[str] = (),
    pipeline_role: str | None = None,
    beside: str | None = None,
) -> "Proof":
    """Decide what policies, attached together, let their holder launch and do; without AWS.

    What is not given has a stand-in.

    Args:
        *policies: files, or documents as they are parsed; without any, those of the profile.
        profile: whose promises have to hold.
        account: the account of golden images, and of who has the policies.
        owners: accounts that own golden images; by default that account alone.
        snapshots: what golden images are made of.
        pipeline_role: the ARN of the role that bakes.
        beside: what else is attached: ``admin``, ``none``, or a policy file; by default ``admin``
            for documents that only deny.

    Returns:
        Every case with its decision; ``failed`` are the promises that are broken.

    Raises:
        SpecError: a policy cannot be read, or says what IAM does not know.
        UsageError: there is no such profile.
        RefusedError: nothing would be proved.
    """
    from goldenami.iam.account import NamedDocument
    from goldenami.iam.profiles import profile_named
    from goldenami.iam.proof.cases import load
    from goldenami.iam.values import Values
    from goldenami.workflows import prove as workflow

    values: dict[str, Any] = {
        "account": account, "owners": tuple(owners), "snapshots": tuple(snapshots),
        "pipeline_role": pipeline_role,
    }  # fmt: skip
    named = {name: value for name, value in values.items() if value}
    if not policies:
        question = workflow.of_profile(profile_named(profile), named, beside)
    else:
        documents = [
            NamedDocument(f"document {number}", json.dumps(policy))
            if isinstance(policy, Mapping)
            else workflow.documents_of([Path(policy)])[0]
            for number, policy in enumerate(policies, 1)
        ]
        known = Values(**{"account": workflow.ACCOUNT, **named})
        question = workflow.of_documents(documents, known, profile_named(profile), beside)
    return workflow.answer(question, load(()))


def audit(
    release: ReleaseFile | str | Path | None = None,
    *,
    regions: Iterable[str] = (),
    inventory: str | Path | None = None,
    profile: str | None = None,
    endpoint_url: str | None = None,
) -> "Document":
    """Judge everything that runs or will launch an image against the golden images.

    Args:
        release: what is approved, waived and looked at, a release file or its path.
        regions: only these; else those of the release file, or all.
        inventory: what ``goldenami audit --save-inventory`` has saved is judged, without AWS.
        profile: a named profile of the AWS configuration.
        endpoint_url: another AWS, such as that of ``goldenami sandbox``.

    Returns:
        The audit and its findings, which are read from where they are kept each time. It is worth
        nothing as a whole unless ``audit.complete``.

    Raises:
        SpecError: the release file, its waivers or the inventory is wrong.
        RefusedError: nothing is approved, or no instance was seen.
        IncompleteError: no place at all could be read.
        AwsError: AWS refused, or could not be reached.
    """
    from msgspec.structs import replace

    from goldenami.workflows.audit import auditing as workflow
    from goldenami.workflows.audit.question import AuditQuestion, of_release

    if isinstance(release, str | Path):
        release = load_release(release)
    question = AuditQuestion() if release is None else of_release(release)
    question = replace(question, regions=tuple(regions) or question.regions)
    if inventory is not None:
        return workflow.audit(None, replace(question, source=f"file:{inventory}"))
    from goldenami.aws.session import Aws

    home = next(iter(question.regions), "us-east-1")
    aws = Aws(profile=profile, region=home, endpoint_url=endpoint_url, bulk=True)
    return workflow.audit(aws, question)
