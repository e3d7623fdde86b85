"""Mechanism ``scp``: each document as a service control policy of roots, units or accounts.

https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_scps.html
"""

from msgspec import structs

from goldenami.aws.organizations import SCP
from goldenami.workflows.enforce import organization
from goldenami.workflows.enforce.interface import Part, Situation

NOTES = (
    "service control policies bind neither the organization's management account nor "
    "service-linked roles (Auto Scaling): use allowed_amis or declarative_policy for those",
    "tags of a shared image are not visible in other accounts: where images are shared with the "
    "targets, the profile has to be `owner-only`",
)


def part(situation: Situation) -> Part:
    """Compare the organization's SCPs with what they should be."""
    wanted = situation.enforce.mechanisms.scp
    wish = organization.Wish(SCP, situation.documents, wanted.targets) if wanted else None
    found = organization.part(situation, wish, SCP)
    if wish is None or situation.remove:
        return found
    return structs.replace(found, notes=(*found.notes, *NOTES))
