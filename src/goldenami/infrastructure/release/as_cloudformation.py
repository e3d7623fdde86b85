"""A release as a CloudFormation template: the same one for each of its regions.

CloudFormation makes no image: it launches the base instance, and publishes an image that is named
to it. What belongs to no region is made in the build region's stack alone.
https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-ec2-launchtemplate.html
"""

import base64
import json
import shlex
from collections.abc import Iterator
from typing import Any

from goldenami.domain import names, tags
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
from goldenami.infrastructure.release import ReleaseCode, instance_type, subnet, volume
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
    regions = ", ".join(release.regions)
    stacks = f"A stack in each of {regions}, that of {release.build_region} first."
    lists = code.enforcement.lists_snapshots
    policies = as_cloudformation.resources(
        code.enforcement,
        Function("Ref", SNAPSHOTS),
        Condition=ENFORCES if lists else IN_BUILD_REGION,
    )
    stack = Stack(
        description=f"The golden image {release.image}",
        comments=(*head(code, "cloudformation"), stacks),
        parameters=(*_parameters(code), *([_snapshots(code)] if lists else [])),
        conditions=tuple(_conditions(code)),
        resources=(*_resources(code), *policies),
    )
    return document(stack)


def _parameters(code: ReleaseCode) -> Iterator[SectionEntry]:
    for name, file in code.parts.items():
        if not code.is_templated:
            yield _source(code, file.release, name)
        comment = "" if code.is_templated else _making(code, file.release, name)
        yield SectionEntry(
            f"GoldenImage{_suffix(name)}",
            {
                "Type": "String",
                "Description": "The golden image in this region; empty until it is made",
                "Default": "",
                "AllowedPattern": f"^({_IMAGE_ID})?$",
            },
            comment,
        )


def _source(code: ReleaseCode, release: Release, architecture: str) -> SectionEntry:
    source = release.base.source
    if source.ssm:
        kind: dict[str, Any] = {"Type": _SOURCE_FROM_PARAMETER, "Default": source.ssm}
        return SectionEntry(f"SourceImage{_suffix(architecture)}", kind)
    kind = {"Type": "AWS::EC2::Image::Id", "Default": source.ami}
    comment = f"In {release.build_region}."
    if not source.ami:
        comment = (
            f"CloudFormation looks no image up; it is what this prints:\n{_lookup(code, release)}"
        )
    return SectionEntry(f"SourceImage{_suffix(architecture)}", kind, comment)


def _lookup(code: ReleaseCode, release: Release) -> str:
    """Return the command that finds the source image."""
    source = release.base.source
    if source.filter:
        owners = source.filter.owners
        filters = {"name": source.filter.name, "state": "available"}
        if source.filter.architecture:
            filters["architecture"] = source.filter.architecture
    else:
        owners = ("self",)
        filters = {f"tag:{tags.IMAGE}": source.golden or ""}
        filters |= {f"tag:{key}": value for key, value in code.approval.items()}
    words = [f"Name={_shorthand(key)},Values={_shorthand(it)}" for key, it in filters.items()]
    query = "sort_by(Images,&CreationDate)[-1].ImageId"
    return _command(
        "aws", "ec2", "describe-images", "--region", release.build_region,
        "--owners", *owners, "--filters", *words, "--query", query, "--output", "text",
    )  # fmt: skip


def _shorthand(text: str) -> str:
    """Return a text for the AWS CLI's shorthand, in which commas and quotes have a meaning.

    https://docs.aws.amazon.com/cli/latest/userguide/cli-usage-shorthand.html
    """
    if not any(character in text for character in ",'\"=[]{} "):
        return text
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _making(code: ReleaseCode, release: Release, architecture: str) -> str:
    """Return the commands that make the image of the base instance, copy it and share it."""
    version = "VERSION" if release.version == "auto" else release.version
    name, home = names.ami_name(release.image, version, architecture), release.build_region
    words = release.description or f"{name}, made by hand"
    reboot = () if release.bake.reboot else ("--no-reboot",)
    made = "create-image", "--region", home, "--instance-id", "INSTANCE", "--name", name, *reboot
    marks = "--description", words, "--tag-specifications", _tags(code)
    commands = [_command("aws", "ec2", *made, *marks)]
    for region in release.destinations:
        key = release.kms_key(region)
        encryption = ("--encrypted", "--kms-key-id", key) if key else ()
        commands.append(
            _command("aws", "ec2", "copy-image", "--region", region, "--source-region", home,
                     "--source-image-id", "IMAGE", "--name", name, *encryption, "--copy-image-tags")
        )  # fmt: skip
    share = release.share
    accounts = dict.fromkeys([*share.accounts, *(each.account for each in release.copies)])
    for option, several in (
        ("--user-ids", accounts),
        ("--organization-arns", share.organizations),
        ("--organizational-unit-arns", share.organizational_units),
    ):
        if several:
            commands.append(
                _command("aws", "ec2", "modify-image-attribute", "--image-id", "IMAGE",
                         "--attribute", "launchPermission", "--operation-type", "add",
                         option, *several)
            )  # fmt: skip
    if release.copying_accounts:
        commands.append(
            _command("aws", "ec2", "modify-snapshot-attribute", "--snapshot-id", "SNAPSHOT",
                     "--attribute", "createVolumePermission", "--operation-type", "add",
                     "--user-ids", *release.copying_accounts)
        )  # fmt: skip
    for each in release.copies:
        for region in each.regions or release.regions:
            key = each.kms_keys.get(region)
            encryption = ("--encrypted", "--kms-key-id", key) if key else ()
            commands.append(
                _command("aws", "ec2", "copy-image", "--region", region, "--source-region", region,
                         "--source-image-id", "IMAGE", "--name", name, *encryption)
                + f"  # as {each.role} of account {each.account}"
            )  # fmt: skip
    if code.waits_for_approval:
        approval = json.dumps(tags.to_aws(code.approval))
        approve = _command("aws", "ec2", "create-tags", "--resources", "IMAGE", "SNAPSHOT",
                           "--tags", approval)  # fmt: skip
        commands.insert(1 + len(release.destinations), f"{approve}  # once it is approved")
    return "\n".join(["Once the user data is through:", *commands])


def _tags(code: ReleaseCode) -> str:
    """Return the tags of the image and its snapshots, as CreateImage takes them."""
    own = code.own_tags if code.waits_for_approval else {**code.own_tags, **code.approval}
    return json.dumps([tags.specification(kind, own) for kind in ("image", "snapshot")])


def _command(*words: str) -> str:
    return shlex.join(words)


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
        given = Function("Join", ["", Function("Ref", SNAPSHOTS)])
        some = Function("Not", [Function("Equals", [given, ""])])
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
