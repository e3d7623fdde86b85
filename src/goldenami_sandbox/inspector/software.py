"""The software of an image or an instance, as the two formats that Inspector exports have it.

What there is, is made up, but for the packages that have a vulnerability: those are the ones that
findings name.
https://docs.aws.amazon.com/inspector/latest/user/sbom-export.html
https://cyclonedx.org/docs/1.4/json/
https://spdx.github.io/spdx-spec/v2.3/
"""

import hashlib
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any
from urllib.parse import quote

from msgspec import Struct

from goldenami_sandbox.vulnerabilities import Vulnerability

_USUAL = {
    "amazon-ssm-agent": "3.3.2299.0-1.amzn2023",
    "bash": "5.2.15-1.amzn2023.0.2",
    "cloud-init": "22.2.2-1.amzn2023.1.16",
    "curl-minimal": "8.11.1-4.amzn2023.0.1",
    "glibc": "2.34-196.amzn2023.0.1",
    "kernel6.12": "6.12.46-66.121.amzn2023",
    "openssl-libs": "3.2.2-1.amzn2023.0.1",
    "systemd": "252.23-6.amzn2023",
}
"""The packages of an image without vulnerabilities, with their versions and releases."""


class Described(Struct, frozen=True, kw_only=True):
    """What has software: an image or an instance.

    Args:
        id: its id.
        resource_type: Inspector's name of its kind.
        account_id: whose it is.
        architecture: its own.
        image_id: itself, or that of the instance.
        tags: its tags.
        vulnerabilities: of its packages.
    """

    id: str
    resource_type: str
    account_id: str
    architecture: str
    image_id: str
    tags: Mapping[str, str]
    vulnerabilities: tuple[Vulnerability, ...]

    @property
    def packages(self) -> dict[str, str]:
        """Its packages with their versions, in order."""
        vulnerable = {each.package: each.version for each in self.vulnerabilities}
        return dict(sorted((_USUAL | vulnerable).items()))

    def purl(self, package: str, version: str) -> str:
        """Return the package URL of one of its packages."""
        return f"pkg:rpm/{quote(package)}@{quote(version)}?arch={self.architecture}&epoch=0"


def cyclonedx(thing: Described, when: datetime) -> dict[str, Any]:
    """Return its software as a CycloneDX document."""
    properties = {
        "imageId": thing.image_id,
        "resourceId": thing.id,
        "architecture": thing.architecture,
        "accountId": thing.account_id,
        "resourceType": thing.resource_type,
    }
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.4",
        "version": 1,
        "metadata": {
            "timestamp": f"{when:%Y-%m-%dT%H:%M:%SZ}",
            "properties": [{"name": name, "value": value} for name, value in properties.items()],
        },
        "components": [
            {
                "type": "library",
                "name": package,
                "version": version,
                "purl": thing.purl(package, version),
                "bom-ref": _digest(package, version),
            }
            for package, version in thing.packages.items()
        ],
    }


def spdx(thing: Described, when: datetime) -> dict[str, Any]:
    """Return its software as an SPDX document; Inspector leaves the license of the data out."""
    packages = list(_spdx_packages(thing))
    return {
        "SPDXID": "SPDXRef-DOCUMENT",
        "spdxVersion": "SPDX-2.3",
        "name": f"{thing.account_id}/{thing.resource_type}/{thing.id}",
        "documentNamespace": f"{thing.resource_type}://{thing.id}/{thing.architecture}",
        "comment": "",
        "creationInfo": {
            "created": f"{when:%Y-%m-%dT%H:%M:%SZ}",
            "creators": [
                f"Organization: {thing.account_id}",
                "Tool: Amazon Inspector SBOM Generator",
            ],
        },
        "packages": packages,
        "relationships": [
            {
                "spdxElementId": "SPDXRef-DOCUMENT",
                "relationshipType": "DESCRIBES",
                "relatedSpdxElement": package["SPDXID"],
            }
            for package in packages
        ],
    }


FORMATS: Mapping[str, Callable[[Described, datetime], dict[str, Any]]] = {
    "CYCLONEDX_1_4": cyclonedx,
    "SPDX_2_3": spdx,
}


def _spdx_packages(thing: Described) -> Iterable[dict[str, Any]]:
    for package, version in thing.packages.items():
        yield {
            "SPDXID": f"SPDXRef-Package-rpm-{package}-{_digest(package, version)}",
            "name": package,
            "versionInfo": version,
            "downloadLocation": "NOASSERTION",
            "sourceInfo": "/var/lib/rpm/rpmdb.sqlite",
            "filesAnalyzed": False,
            "externalRefs": [
                {
                    "referenceCategory": "PACKAGE-MANAGER",
                    "referenceType": "purl",
                    "referenceLocator": thing.purl(package, version),
                }
            ],
        }


def _digest(package: str, version: str) -> str:
    return hashlib.sha256(f"{package}@{version}".encode()).hexdigest()[:32]
