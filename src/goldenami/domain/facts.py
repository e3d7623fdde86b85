"""What decisions are read from, and what keeps others from writing it.

Which resource is a build's own, which gate it has passed, who approved it, what is current: all of
it is read from what EC2 itself records, or from the tags and parameters here, which the profile
`tag-protection` keeps for the pipeline. A test looks for every other one that the source names, and
for a document that leaves one of these open.

https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonec2.html
"""

from collections.abc import Mapping
from typing import Final

from goldenami.domain import prefixes, tags

OF_EC2: Final[Mapping[str, str]] = {
    "OwnerId": "whose an image is",
    "SourceInstanceId": "which instance an image was made from",
    "SourceImageId": "which image a copy was made from",
    "SourceImageRegion": "where that is",
    "CreationDate": "whether an image was made after the validation",
    "ClientToken": "whether the build launched an instance: the token comes from its record",
    "ImageId": "what an instance was launched from",
    "LaunchTime": "whether an instance was launched after the build had begun",
    "ScanResults": "whether there is a fix for what Inspector has found on an image",
}
"""What nobody can write: EC2's answers say it, and what it decides."""

TAGS: Final[Mapping[str, str]] = {
    tags.IMAGE: "which image something is a version of",
    tags.VERSION: "which version it is",
    tags.BUILD: "which build it comes into question for",
    tags.STATUS: "whether an image is a candidate, approved, or past that",
    tags.SOURCE: "what an image was baked from",
    tags.SPEC: "which release file a build is of: the digest of what makes the image",
    tags.ROLE: "whether an instance is a base instance or a test",
    tags.UNPUBLISHED: "where a release is not published yet",
    tags.APPROVED_BY: "who approved an image, as the record of its build has to say too",
    tags.APPROVED_AT: "when",
    tags.STATUS_BY: "who changed its status after its approval, as the record has to say too",
    tags.STATUS_AT: "when",
    tags.STATUS_WHY: "why",
    tags.SUCCESSOR: "which version takes its place",
    tags.POLICY: "whether goldenami made a policy",
    tags.UNPROVED: "whether a policy was attached without its proof",
    tags.ENFORCED_BY: "which enforcement a policy belongs to",
    tags.FINDING: "nothing: it notes what an audit found",
    tags.QUARANTINED_FROM: "which groups an instance in quarantine gets back",
}
"""Tags that decide; each begins with `prefixes.TAGS`, which is protected on every resource."""

PARAMETERS: Final[Mapping[str, str]] = {
    prefixes.BUILDS: "what a build has made, which gates it has passed, who approved it",
    prefixes.MANIFESTS: "which images a release has",
    prefixes.LEASES: "who may bake an image right now",
    prefixes.ALLOWED_AMIS: "which enforcement set a region's Allowed AMIs",
}
"""Parameters that decide, by the beginning of their names; beside them those that are published."""
