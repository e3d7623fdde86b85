"""Which images of others an account may find and launch: Allowed AMIs, here and organization-wide.

https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_ImageCriterionRequest.html
"""

from collections.abc import Mapping
from typing import Annotated, ClassVar, Literal

from goldenami.constraints import at_most, between, needs
from goldenami.spec import types
from goldenami.spec.part import Part

Days = Annotated[int, between(0, unit="days")]
Severity = Literal["informational", "low", "medium", "high", "critical"]


class WatermarkCriterion(Part, frozen=True):
    """A watermark that an image has to carry: who attached it, and what it is called.

    Args:
        key: `ACCOUNT:NAME`, where `*` and `?` may stand.
        region: where it was attached.
        attached_within_days: how long ago at most it was attached.
        source_created_within_days: how old at most the image is that it was attached to.
    """

    key: types.WatermarkKey
    region: types.RegionName | None = None
    attached_within_days: Days | None = None
    source_created_within_days: Days | None = None


class FixAges(Part, frozen=True):
    """For how many days a fix may be available, by the severity of the finding.

    Args:
        informational: days for findings of this severity.
        low: days for findings of this severity.
        medium: days for findings of this severity.
        high: days for findings of this severity.
        critical: days for findings of this severity.
    """

    informational: Days | None = None
    low: Days | None = None
    medium: Days | None = None
    high: Days | None = None
    critical: Days | None = None


class ScanCriterion(Part, frozen=True):
    """What Amazon Inspector has to have found in an image; one that it never scanned is refused.

    Args:
        severity: the highest severity that findings may have.
        scanned_within_days: how long ago at most the last scan was.
        fixed_within_days: for how many days a fix may be available, by severity.
    """

    severity: Severity | None = None
    scanned_within_days: Days | None = None
    fixed_within_days: FixAges = FixAges()


_asks = needs(
    lambda scan: scan != ScanCriterion(),
    lambda _: f"name at least one of {', '.join(ScanCriterion.__struct_fields__)}",
)


class ImageCriteria(Part, frozen=True):
    """Which images of others may be found and launched; without providers the golden owners'.

    Args:
        state: `audit-mode` shows what would be refused, `enabled` refuses it.
        providers: account ids, `amazon`, `aws-marketplace` or `aws-backup-vault`.
        names: names of images, where `*` and `?` may stand.
        created_within_days: how old an image may be.
        deprecated_within_days: how long it may be deprecated; `0` refuses deprecated ones.
    """

    state: Literal["enabled", "audit-mode"] = "audit-mode"
    providers: types.Providers = ()
    names: types.ImageNames = ()
    created_within_days: Days | None = None
    deprecated_within_days: Days | None = None


class AllowedAmis(ImageCriteria, frozen=True):
    """The account's Allowed AMIs setting, region by region.

    Args:
        regions: where it is set; `all` for every enabled region.
        watermarks: of these, an image has to carry one.
        scan: what Amazon Inspector has to have found in it.
    """

    regions: Literal["all"] | types.SomeRegions = "all"
    watermarks: Annotated[tuple[WatermarkCriterion, ...], at_most(50, "watermarks")] = ()
    scan: Annotated[ScanCriterion, _asks] | None = None


_UNDOCUMENTED = "AWS documents none for declarative policies: ask for it by `allowed_amis`"


class DeclarativePolicy(ImageCriteria, frozen=True, kw_only=True):
    """The same setting for whole accounts, as a declarative policy for EC2.

    Args:
        targets: ids of the roots, units or accounts that are bound.
        exception_message: what AWS tells whoever is refused a change of the setting.
    """

    refused_keys: ClassVar[Mapping[str, str]] = {
        "watermarks": _UNDOCUMENTED,
        "scan": _UNDOCUMENTED,
    }

    targets: types.Targets
    exception_message: str = ""
