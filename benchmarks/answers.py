"""What the stand-in EC2 answers beside its listings of instances."""

import json
from collections.abc import Iterable, Mapping, Sequence
from xml.sax.saxutils import escape

import fleet
from fleet import ACCOUNT, FleetImage, Zone
from listings import NS, Filters, pattern

BUILD_REGION = "us-east-1"
_STS = 'xmlns="https://sts.amazonaws.com/doc/2011-06-15/"'


def error(code: str, message: str) -> bytes:
    """Return an error as EC2 tells it."""
    return (
        f"<Response><Errors><Error><Code>{code}</Code><Message>{escape(message)}</Message></Error>"
        "</Errors><RequestID>x</RequestID></Response>"
    ).encode()


def images(ids: Sequence[str]) -> bytes:
    """Return the images with some ids that the account can see; all of its own without any."""
    known = [image for image in fleet.images() if image.state == "available"]
    asked = [image for image in known if (image.id in ids if ids else image.owner == ACCOUNT)]
    return _listed("DescribeImages", "imagesSet", map(_image, asked))


def _image(image: FleetImage) -> str:
    about = {
        "imageId": image.id, "name": image.name, "imageOwnerId": image.owner,
        "imageOwnerAlias": image.alias, "imageState": image.state, "architecture": "x86_64",
        "creationDate": image.created, "deprecationTime": image.deprecated,
        "isPublic": str(bool(image.alias)).lower(),
    }  # fmt: skip
    if source := image.tags.get("goldenami:source"):  # baked in one region, and copied from there
        about |= {"sourceImageId": source, "sourceImageRegion": BUILD_REGION}
    return f"{_elements(about)}<tagSet>{fleet.tag_set(tuple(image.tags.items()))}</tagSet>"


def regions() -> bytes:
    """Return the account's regions."""
    names = ({"regionName": region} for region in fleet.REGIONS)
    return _listed("DescribeRegions", "regionInfo", map(_elements, names))


def zones(region: str, filters: Filters, *, every: bool) -> bytes:
    """Return a region's zones; those it has not opted into only if every one is asked for."""
    known = (_zone(zone, region) for zone in fleet.zones(region) if zone.opted_in or every)
    asked = (
        _elements(zone)
        for zone in known
        if all(pattern(values).fullmatch(zone[_ZONE_FILTERS[key]]) for key, values in filters)
    )
    return _listed("DescribeAvailabilityZones", "availabilityZoneInfo", asked)


_ZONE_FILTERS = {
    "zone-name": "zoneName", "zone-id": "zoneId", "zone-type": "zoneType", "state": "zoneState",
    "region-name": "regionName", "opt-in-status": "optInStatus", "group-name": "groupName",
}  # fmt: skip


def _zone(zone: Zone, region: str) -> Mapping[str, str]:
    local = bool(zone.parent)
    opted = "opted-in" if zone.opted_in else "not-opted-in"
    group = zone.name.rstrip("abcdef") if local else region
    return {
        "zoneName": zone.name,
        "zoneId": zone.id,
        "zoneState": "available",
        "regionName": region,
        "groupName": group,
        "networkBorderGroup": group,
        "zoneType": "local-zone" if local else "availability-zone",
        "optInStatus": opted if local else "opt-in-not-required",
        "parentZoneName": zone.parent,
    }


def caller() -> bytes:
    """Return who calls."""
    arn = f"arn:aws:iam::{ACCOUNT}:user/bench"
    return _sts("GetCallerIdentity", _elements({"Arn": arn, "UserId": "AIDA", "Account": ACCOUNT}))


def credentials() -> bytes:
    """Return the keys of a role, which are the same for each."""
    keys = {
        "AccessKeyId": "ASIABENCH", "SecretAccessKey": "bench", "SessionToken": "bench",
        "Expiration": "2099-01-01T00:00:00Z",
    }  # fmt: skip
    return _sts("AssumeRole", f"<Credentials>{_elements(keys)}</Credentials>")


def no_parameters(body: str) -> bytes:
    """Return that there is none of the parameters that a call names."""
    return json.dumps({"Parameters": [], "InvalidParameters": json.loads(body)["Names"]}).encode()


def _sts(name: str, result: str) -> bytes:
    return (
        f"<{name}Response {_STS}><{name}Result>{result}</{name}Result><ResponseMetadata><RequestId>"
        f"x</RequestId></ResponseMetadata></{name}Response>"
    ).encode()


def _listed(name: str, key: str, items: Iterable[str]) -> bytes:
    listed = "".join(f"<item>{item}</item>" for item in items)
    return (
        f"<{name}Response {NS}><requestId>x</requestId><{key}>{listed}</{key}></{name}Response>"
    ).encode()


def _elements(values: Mapping[str, str]) -> str:
    return "".join(f"<{key}>{escape(value)}</{key}>" for key, value in values.items() if value)
