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
    """A watermark that an image has to carry: who attached it, and what it is called."""

    key: types.WatermarkKey
    region: types.RegionName | None = None
    attached_within_days: Days | None = None
    source_created_within_days: Days | None = None


class FixAges(Part, frozen=True):
    """For how many days a fix may be available, by the severity of the finding."""

    informational: Days | None = None
    low: Days | None = None
    medium: Days | None = None
    high: Days | None = None
    critical: Days | None = None


class ScanCriterion(Part, frozen=True):
    """What Amazon Inspector has to have found in an image; one that it never scanned is refused."""

    severity: Severity | None = None
    scanned_within_days: Days | None = None
    fixed_within_days: FixAges = FixAges()


_asks = needs(
    lambda scan: scan != ScanCriterion(),
    lambda _: f"name at least one of {', '.join(ScanCriterion.__struct_fields__)}",
)


class ImageCriteria(Part, frozen=True):
    """Which images of others may be found and launched; without providers the golden owners'."""

    state: Literal["enabled", "audit-mode"] = "audit-mode"
    providers: types.Providers = ()
    names: types.ImageNames = ()
    created_within_days: Days | None = None
    deprecated_within_days: Days | None = None


class AllowedAmis(ImageCriteria, frozen=True):
    """The account's Allowed AMIs setting, region by region.

    Of ``watermarks`` an image has to carry one.
    """

    regions: Literal["all"] | types.SomeRegions = "all"
    watermarks: Annotated[tuple[WatermarkCriterion, ...], at_most(50, "watermarks")] = ()
    scan: Annotated[ScanCriterion, _asks] | None = None


_UNDOCUMENTED = "AWS documents none for declarative policies: ask for it by `allowed_amis`"


class DeclarativePolicy(ImageCriteria, frozen=True, kw_only=True):
    """The same setting for whole accounts, as a declarative policy for EC2."""

    refused_keys: ClassVar[Mapping[str, str]] = {
        "watermarks": _UNDOCUMENTED,
        "scan": _UNDOCUMENTED,
    }

    targets: types.Targets
    exception_message: str = ""
