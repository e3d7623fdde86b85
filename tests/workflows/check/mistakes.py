"""A folder of files with everything that can be wrong without AWS, and what is told of it."""

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple


class Mistaken(NamedTuple):
    """A file, and what `goldenami check` tells of it, line by line, without the fixes."""

    text: str
    problems: tuple[str, ...] = ()


HEAD = "schema: goldenami/v1\nimage: {}\nregions: [{}]\nbase: {{source: {{{}}}}}\n"
SSM = "ssm: /aws/service/al2023"

TREE: Mapping[str, Mistaken] = {
    "accepted.yaml": Mistaken(
        "schema: goldenami.waivers/v1\n"
        "waivers:\n"
        "- {owner: a, reason: b, expires: 2020-01-01, instance: i-1}\n"
        "- {owner: a, reason: b, expires: 2999-01-01, rule: foreign-owner}\n"
        "- {owner: a, reason: b, expires: 2999-01-01, image: ami-1, rule: foreign-ovner}\n",
        (
            "accepted.yaml:3: warning: waivers[0].expires: the day has passed: instance i-1 is a "
            "finding again",
            "accepted.yaml:4: waivers[1]: names no instance, resource, image, account or tag",
            "accepted.yaml:5: waivers[2].rule: the audit has no rule `foreign-ovner`",
        ),
    ),
    "apps/named.yaml": Mistaken(
        HEAD.format("named", "us-east-1", SSM) + "audit: {waivers: ../accepted.yaml}\n"
    ),
    "base.yaml": Mistaken(HEAD.format("base-os", "eu-west-1", SSM)),
    "broken.yaml": Mistaken(
        "schema: goldenami/v1\na: [\n",
        ("broken.yaml:3: not YAML: expected the node content, but found '<stream end>'",),
    ),
    "child.yaml": Mistaken(
        HEAD.format("child", "us-east-1", "golden: base-os"),
        (
            "child.yaml:4: base.source: `base-os` is released in eu-west-1, and not in us-east-1, "
            "where this one is built",
        ),
    ),
    "china.yaml": Mistaken(
        HEAD.format("china", "cn-north-1, us-east-1", SSM) + "share: {organizations: ["
        "'arn:aws-cn:organizations::111122223333:organization/o-a1b2c3d4e5', "
        "'arn:aws:organizations::111122223333:organization/o-a1b2c3d4e5']}\n"
        "distribute: {us-east-1: {kms_key: 'arn:aws:kms:us-east-1:111122223333:key/1'}}\n",
        (
            "china.yaml:3: regions[1]: `us-east-1` is of aws, and cn-north-1 of aws-cn",
            "china.yaml:5: share.organizations[1]: `arn:aws:organizations::111122223333:"
            "organization/o-a1b2c3d4e5` is of another partition than cn-north-1, which is of "
            "aws-cn",
            "china.yaml:6: distribute.us-east-1.kms_key: `arn:aws:kms:us-east-1:111122223333:key/1`"
            " is of another partition than cn-north-1, which is of aws-cn",
        ),
    ),
    "circle-1.yaml": Mistaken(
        HEAD.format("circle-1", "us-east-1", "golden: circle-2"),
        (
            "circle-1.yaml:4: base.source: baked from itself in the end: circle-1 -> circle-2 -> "
            "circle-1",
        ),
    ),
    "circle-2.yaml": Mistaken(
        HEAD.format("circle-2", "us-east-1", "golden: circle-1"),
        (
            "circle-2.yaml:4: base.source: baked from itself in the end: circle-1 -> circle-2 -> "
            "circle-1",
        ),
    ),
    "copy.yaml": Mistaken(
        HEAD.format("base-os", "eu-west-1", "golden: base-ost"),
        ("copy.yaml:2: warning: image: base.yaml makes `base-os`, too: `bake DIR` takes but one",),
    ),
    "enforce.yaml": Mistaken(
        "schema: goldenami.enforce/v1\ngroups: []\nnosuch: 1\n"
        "mechanisms: {group_policy: {profile: gardrail}}\n",
        (
            "enforce.yaml:2: groups: name at least one group",
            "enforce.yaml:3: nosuch: unknown key",
            "enforce.yaml:4: mechanisms.group_policy.profile: there is no profile `gardrail`",
        ),
    ),
    "packer.json": Mistaken('{"builders": [{"type": "a"}, {"type": "b"}]}'),
    "packer.yaml": Mistaken(
        HEAD.format("packed", "us-east-1", SSM)
        + "bake: {method: packer, template: packer.json, only: c}\nenforce: {file: enforce.yaml}\n",
        ("packer.yaml:5: bake.only: packer.json has no builder `c`",),
    ),
    "values.yml": Mistaken("image: web\n"),  # of another program, since it has no `schema`
    "web.yaml": Mistaken(
        "schema: goldenami/v1\n"
        "image: web\n"
        "regoins: [us-east-1]\n"
        "regions: [us-east-1, us-east-1]\n"
        "base:\n"
        "  source: {golden: base-os}\n"
        "  instanec_type: t3\n"
        "  user_data: nosuch.sh\n"
        "tags: [a]\n"
        "bake: {method: packer, template: nosuch.pkr.hcl}\n"
        "timeouts: {image: 90 days}\n"
        "timeouts: {image: 90d}\n"
        "enforce: {groups: [a], profile: guardrail-protection}\n"
        "audit: {waivers: nosuch.yaml, approved: [ami]}\n",
        (
            "web.yaml:3: regoins: unknown key",
            "web.yaml:4: regions[1]: `us-east-1` is listed twice",
            "web.yaml:7: base.instanec_type: unknown key",
            "web.yaml:8: base.user_data: nosuch.sh: cannot be read: No such file or directory",
            "web.yaml:9: tags: needs a mapping",
            "web.yaml:10: bake.template: nosuch.pkr.hcl: cannot be read: No such file or directory",
            "web.yaml:12: `timeouts` is given twice",
            "web.yaml:13: enforce.profile: the profile `guardrail-protection` needs "
            "enforce.pipeline_role",
            "web.yaml:14: audit.waivers: nosuch.yaml: cannot be read: No such file or directory",
            "web.yaml:14: audit.approved[0]: `ami` is no image id",
        ),
    ),
}
"""By path, in the order in which they are told."""


def write(folder: Path) -> None:
    """Write the files below a folder."""
    for name, mistaken in TREE.items():
        path = folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(mistaken.text)
