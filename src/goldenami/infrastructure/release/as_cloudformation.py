"""A release as a CloudFormation template: the same one for each of its regions.

CloudFormation makes no image: it launches the base instance, and publishes an image that is named
to it. What belongs to no region is made in the build region's stack alone.
https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-ec2-launchtemplate.html
"""

import base64
from collections.abc import Iterator
from typing import Any

from goldenami.domain import tags
from goldenami.infrastructure.cloudformation import (
    REFERENCE,
    Function,
    SectionEntry,
    Stack,
    document,
    resource,
)
from goldenami.infrastructure.cloudformation import base64 as encoded
from goldenami.infrastructure.enforcement import as_cloudformation
from goldenami.infrastructure.release import (
    ReleaseCode,
    commands,
    instance_type,
    subnet,
    volume,
)
from goldenami.infrastructure.release.gaps import head
from goldenami.spec import Release

IN_BUILD_REGION = "InBuildRegion"
ENFORCES = "Enforces"
SNAPSHOTS = "GoldenSnapshots"
_SOURCE_FROM_PARAMETER = "AWS::SSM::Parameter::Value<AWS::EC2::Image::Id>"
_IMAGE_ID = "ami-([0-9a-f]{8}|[0-9a-f]{17})"
_SNAPSHOT_ID = "snap-([0-9a-f]{8}|[0-9a-f]{17})"


def text(code: ReleaseCode) -> str:
    """Return the template, with what it does not do at its head.

    Raises:
        SpecError: a value is what CloudFormation takes for a dynamic reference.
    """
    release = code.release
    first = f", that of {release.build_region} first" if release.destinations else ""
    stacks = f"It is for a stack in {', '.join(release.regions)}{first}."
    lists = code.enforcement.lists_snapshots
    policies = as_cloudformation.resources(
        code.enforcement,
        Function("Ref", SNAPSHOTS),
        Condition=ENFORCES if lists else IN_BUILD_REGION,
    )
    stack = Stack(
        description=f"The golden image {release.image}",
        comments=(*head(code, "cloudformation"), stacks, *commands.making(code)),
        parameters=(*_parameters(code), *([_snapshots(code)] if lists else [])),
        conditions=tuple(_conditions(code)),
        resources=(*_resources(code), *policies),
    )
    return document(stack)


def _parameters(code: ReleaseCode) -> Iterator[SectionEntry]:
    for name, file in code.parts.items():
        if not code.is_templated:
            yield _source(code, file.release, name)
        if code.parameter(name):
            yield SectionEntry(
                f"GoldenImage{_suffix(name)}",
                {
                    "Type": "String",
                    "Description": "The golden image in this region; empty until it is made",
                    "Default": "",
                    "AllowedPattern": f"^({_IMAGE_ID})?$",
                },
            )


def _source(code: ReleaseCode, release: Release, architecture: str) -> SectionEntry:
    source = release.base.source
    if source.ssm:
        kind: dict[str, Any] = {"Type": _SOURCE_FROM_PARAMETER, "Default": source.ssm}
        return SectionEntry(f"SourceImage{_suffix(architecture)}", kind)
    kind = {"Type": "AWS::EC2::Image::Id", "Default": source.ami}
    comment = f"In {release.build_region}."
    if not source.ami:
        looked_up = commands.lookup(code, release)
        comment = f"CloudFormation looks no image up; it is what this prints:\n{looked_up}"
    return SectionEntry(f"SourceImage{_suffix(architecture)}", kind, comment)


def _snapshots(code: ReleaseCode) -> SectionEntry:
    return SectionEntry(
        SNAPSHOTS,
        {
            "Type": "CommaDelimitedList",
            "Description": "Snapshots of all golden images, of all regions: others are denied then",
            "Default": ",".join(code.snapshots),
            "AllowedPattern": f"^({_SNAPSHOT_ID})?$",
        },
    )


def _conditions(code: ReleaseCode) -> Iterator[SectionEntry]:
    region = Function("Ref", "AWS::Region")
    yield SectionEntry(IN_BUILD_REGION, Function("Equals", [region, code.release.build_region]))
    if code.enforcement.lists_snapshots:
        joined = Function("Join", ["", Function("Ref", SNAPSHOTS)])
        some = Function("Not", [Function("Equals", [joined, ""])])
        here = Function("Condition", IN_BUILD_REGION)
        yield SectionEntry(ENFORCES, Function("And", [here, some]))
    for name in code.parts:
        if code.parameter(name):
            empty = Function("Equals", [Function("Ref", f"GoldenImage{_suffix(name)}"), ""])
            yield SectionEntry(f"HasGoldenImage{_suffix(name)}", Function("Not", [empty]))


def _resources(code: ReleaseCode) -> Iterator[SectionEntry]:
    for name, file in code.parts.items():
        end = _suffix(name)
        if not code.is_templated:
            yield from _base(code, file.release, name)
        if parameter := code.parameter(name):
            yield resource(
                f"Published{end}",
                "AWS::SSM::Parameter",
                {
                    "Name": parameter,
                    "Description": f"The golden image {code.release.image}",
                    "Type": "String",
                    "DataType": "aws:ec2:image",
                    "Value": Function("Ref", f"GoldenImage{end}"),
                },
                Condition=f"HasGoldenImage{end}",
            )


def _base(code: ReleaseCode, release: Release, architecture: str) -> Iterator[SectionEntry]:
    """Yield the launch template of the base instance, which can say all of it, and the instance."""
    base, end = release.base, _suffix(architecture)
    own = {"Name": f"{release.image} base", **code.base_tags}
    template = resource(
        f"BaseTemplate{end}",
        "AWS::EC2::LaunchTemplate",
        {
            "LaunchTemplateData": {
                "ImageId": Function("Ref", f"SourceImage{end}"),
                "InstanceType": instance_type(release),
                "KeyName": base.key_name,
                "SecurityGroupIds": list(base.security_groups) or None,
                "IamInstanceProfile": {"Name": base.instance_profile}
                if base.instance_profile
                else None,
                "UserData": _user_data(code.file.user_data),
                "BlockDeviceMappings": [
                    {"DeviceName": each.device, "Ebs": volume(each)} for each in base.volumes
                ]
                or None,
                "MetadataOptions": {"HttpEndpoint": "enabled", "HttpTokens": "required"},
                "TagSpecifications": [
                    {"ResourceType": kind, "Tags": tags.to_aws(own)}
                    for kind in ("instance", "volume", "network-interface")
                ],
            }
        },
        Condition=IN_BUILD_REGION,
    )
    yield template
    yield resource(
        f"BaseInstance{end}",
        "AWS::EC2::Instance",
        {
            "LaunchTemplate": {
                "LaunchTemplateId": template.ref,
                "Version": template.attribute("LatestVersionNumber"),
            },
            "SubnetId": subnet(release),
        },
        comment="The base instance: make the image of it, then stop it.",
        Condition=IN_BUILD_REGION,
    )


def _user_data(script: bytes | None) -> str | Function | None:
    """Return user data as a text, or encoded where the template cannot say it."""
    if script is None:
        return None
    try:
        plain = script.decode()
    except UnicodeDecodeError:
        plain = ""
    if (
        not plain
        or REFERENCE in plain
        or not plain.replace("\n", "").replace("\t", "").isprintable()
    ):
        return base64.b64encode(script).decode()
    return encoded(plain)


def _suffix(architecture: str) -> str:
    return "".join(part.title() for part in architecture.split("_"))
