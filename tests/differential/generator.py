"""Random policies and requests, the same for the same seed: every element that IAM has.

Values are drawn from few, so that policies and requests often meet. What AWS refuses as a document
is never drawn; what it does not say how to decide is, but seldom.
"""

from collections.abc import Mapping
from random import Random
from typing import Any

from msgspec import Struct

from goldenami.iam.reference import table

ACCOUNT = "123456789012"
BOB = f"arn:aws:iam::{ACCOUNT}:user/bob"
WORKER = f"arn:aws:iam::{ACCOUNT}:role/worker"

TARGETS: tuple[tuple[str, str], ...] = (
    ("ec2:RunInstances", "arn:aws:ec2:us-east-1::image/ami-1"),
    ("ec2:RunInstances", f"arn:aws:ec2:us-east-1:{ACCOUNT}:instance/i-1"),
    ("ec2:RunInstances", f"arn:aws:ec2:us-east-1:{ACCOUNT}:volume/vol-1"),
    ("ec2:RunInstances", "arn:aws:ec2:us-east-1::snapshot/snap-1"),
    ("ec2:CreateTags", "arn:aws:ec2:eu-west-1::image/ami-2"),
    ("ec2:CreateVolume", f"arn:aws:ec2:us-east-1:{ACCOUNT}:volume/vol-1"),
    ("ec2:DeregisterImage", "arn:aws:ec2:us-east-1::image/ami-1"),
    ("ec2:StopInstances", f"arn:aws:ec2:eu-west-1:{ACCOUNT}:instance/i-1"),
    ("iam:PassRole", WORKER),
    ("iam:GetUser", BOB),
    ("iam:DeleteRole", WORKER),
    ("iam:AttachRolePolicy", WORKER),
    ("ssm:GetParameter", f"arn:aws:ssm:us-east-1:{ACCOUNT}:parameter/golden-ami/web"),
    ("ssm:PutParameter", f"arn:aws:ssm:us-east-1:{ACCOUNT}:parameter/other"),
    ("autoscaling:DescribeAutoScalingGroups", "*"),
    ("ec2:DescribeImages", "*"),
)

TEXTS = ("x", "y", "X", "xy", "bob", "web-1", "approved")
NUMBERS = ("0", "8", "100", "8.0", "-1", "3.5")
DATES = ("2026-01-01T00:00:00Z", "2026-06-30T12:00:00Z", "2026-06-30", "1767225600")
TRUTHS = ("true", "false")
ADDRESSES = ("10.1.2.3", "10.9.9.9", "203.0.113.7", "2001:db8::1")
NETWORKS = ("10.0.0.0/8", "10.1.2.3", "10.1.0.0/16", "203.0.113.0/24", "2001:db8::/32", "0.0.0.0/0")
ARNS = (
    BOB, WORKER, "arn:aws:ec2:us-east-1::snapshot/snap-1", "arn:aws:ec2:eu-west-1::snapshot/snap-2",
    f"arn:aws:iam::{ACCOUNT}:policy/limit",
)  # fmt: skip
ARN_PATTERNS = (
    *ARNS, f"arn:aws:iam::{ACCOUNT}:user/*", "arn:aws:iam::*:role/worker",
    "arn:aws:iam::*:user/b?b", "arn:aws:ec2:*:*:snapshot/snap-*", "arn:*:ec2:us-*::snapshot/*",
    "*:*:*:*:*:*",
)  # fmt: skip
BYTES = ("aGk=", "eA==")

KEYS: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "aws:PrincipalTag/team": ("text", (*TEXTS, "")),
    "aws:PrincipalOrgID": ("text", ("o-1", "o-2")),
    "aws:SourceVpc": ("text", ("vpc-1", "vpc-2")),
    "aws:UserAgent": ("text", TEXTS),
    "aws:RequestedRegion": ("text", ("us-east-1", "eu-west-1")),
    "aws:RequestTag/team": ("text", TEXTS),
    "aws:ResourceTag/team": ("text", TEXTS),
    "ec2:ResourceTag/team": ("text", TEXTS),
    "ec2:Owner": ("text", ("amazon", ACCOUNT, "x")),
    "ec2:InstanceType": ("text", ("t3.micro", "m7i.large", "x")),
    "ec2:VolumeType": ("text", ("gp3", "io2")),
    "iam:PassedToService": ("text", ("ec2.amazonaws.com", "x")),
    "aws:SecureTransport": ("truth", TRUTHS),
    "aws:ViaAWSService": ("truth", TRUTHS),
    "aws:MultiFactorAuthPresent": ("truth", TRUTHS),
    "ec2:Public": ("truth", TRUTHS),
    "ec2:Encrypted": ("truth", TRUTHS),
    "aws:MultiFactorAuthAge": ("number", NUMBERS),
    "ec2:VolumeSize": ("number", NUMBERS),
    "ec2:VolumeIops": ("number", NUMBERS),
    "aws:CurrentTime": ("date", DATES),
    "aws:TokenIssueTime": ("date", DATES),
    "aws:SourceIp": ("address", ADDRESSES),
    "aws:SourceArn": ("arn", ARNS),
    "ec2:ParentSnapshot": ("arn", ARNS),
    "iam:PolicyARN": ("arn", ARNS),
    "aws:referer": ("bytes", BYTES),
    "aws:TagKeys": ("texts", TEXTS),
    "aws:CalledVia": ("texts", ("athena.amazonaws.com", "x")),
    "aws:PrincipalOrgPaths": ("texts", ("o-1/r-1/", "o-1/r-1/ou-1/")),
}
"""Condition keys, each with the kind of its values and the values that requests have."""

TEXT_OPERATORS = ("StringEquals", "StringEqualsIgnoreCase", "StringLike")
COMPARISONS = (
    "Equals",
    "NotEquals",
    "LessThan",
    "LessThanEquals",
    "GreaterThan",
    "GreaterThanEquals",
)
OPERATORS: Mapping[str, tuple[str, ...]] = {
    "text": (*TEXT_OPERATORS, *(one.replace("String", "StringNot") for one in TEXT_OPERATORS)),
    "truth": ("Bool",),
    "number": tuple(f"Numeric{one}" for one in COMPARISONS),
    "date": tuple(f"Date{one}" for one in COMPARISONS),
    "address": ("IpAddress", "NotIpAddress"),
    "bytes": ("BinaryEquals",),
    "arn": ("ArnEquals", "ArnLike", "ArnNotEquals", "ArnNotLike"),
}
VALUES: Mapping[str, tuple[str, ...]] = {
    "text": (*TEXTS, "x*", "*", "?", "web-?", "o-*", "t3.*", "*.amazonaws.com", "us-*", "amazon"),
    "truth": TRUTHS,
    "number": NUMBERS,
    "date": DATES,
    "address": NETWORKS,
    "bytes": BYTES,
    "arn": ARN_PATTERNS,
}
VARIABLES = (
    "${aws:username}", "${aws:PrincipalTag/team}", "${aws:PrincipalTag/team, 'x'}",
    "${aws:SourceVpc}", "x${aws:PrincipalTag/team}*", "${ec2:Owner}", "${*}", "${?}", "a${$}b",
    "${aws:PrincipalOrgID}",
)  # fmt: skip

ACTIONS = (
    "*",
    "ec2:*",
    "ec2:Run*",
    "ec2:*Image*",
    "iam:*",
    "ssm:*",
    "EC2:createtags",
    "iam:Get*",
    "ec2:???????*",
)
RESOURCES = (
    "*", "arn:aws:ec2:*:*:*", "arn:aws:ec2:*::image/*", "arn:aws:ec2:us-east-1::image/ami-?",
    f"arn:aws:ec2:*:{ACCOUNT}:instance/*", "arn:aws:ec2:*:*:volume/*", f"arn:aws:iam::{ACCOUNT}:*",
    f"arn:aws:iam::{ACCOUNT}:role/w*", "arn:aws:ssm:*:*:parameter/golden-ami/*", "arn:*:*:*:*:*",
    "arn:aws:ec2:*::snapshot/snap-*", "arn:aws:ec2:*",
)  # fmt: skip
VARIABLE_RESOURCES = (
    "arn:aws:iam::*:user/${aws:username}", "arn:aws:ec2:*::image/${aws:PrincipalTag/team}*",
    "arn:aws:ssm:*:*:parameter/${aws:PrincipalTag/team, 'other'}",
    "arn:aws:ec2:*:*:*/${aws:SourceVpc}",
)  # fmt: skip


class Pair(Struct, frozen=True):
    """A policy set and a request.

    Args:
        identity: documents; ``boundary`` and ``session`` are one or None.
        levels: documents of service control policies, level by level.
        principal: the ARN of who asks.
        context: the condition keys of the request and of the principal.
    """

    identity: list[dict[str, Any]]
    boundary: dict[str, Any] | None
    levels: list[list[dict[str, Any]]]
    session: dict[str, Any] | None
    principal: str
    action: str
    resource: str
    context: dict[str, str | list[str]]


def pairs(seed: int, sets: int, requests: int) -> list[Pair]:
    """Return random pairs: so many policy sets, each with so many requests."""
    random = Random(seed)
    made = []
    for _ in range(sets):
        draw = _Draw(random)
        made += [draw.pair() for _ in range(requests)]
    return made


class _Draw:
    """One policy set, and requests to it."""

    def __init__(self, random: Random) -> None:
        self.random = random
        self.targets = random.sample(TARGETS, 4)
        self.role = random.random() < 0.4
        self.identity = [self.document() for _ in range(random.choice((1, 1, 2, 3)))]
        self.boundary = self.layer() if random.random() < 0.3 else None
        deep = random.choice((0, 0, 1, 2))
        self.levels = [[self.layer()] for _ in range(deep)]
        self.session = self.layer() if self.role and random.random() < 0.4 else None

    def pair(self) -> Pair:
        action, resource = self.random.choice(self.targets)
        return Pair(
            identity=self.identity, boundary=self.boundary, levels=self.levels,
            session=self.session, principal=WORKER if self.role else BOB,
            action=action, resource=resource, context=self.context(action, resource),
        )  # fmt: skip

    def context(self, action: str, resource: str) -> dict[str, str | list[str]]:
        """Draw values for some of the keys that exist for the action and the resource."""
        exist = table.keys(action, resource) or frozenset()
        context: dict[str, str | list[str]] = {}
        for key, (kind, values) in KEYS.items():
            name = key.lower()
            family = name[: name.find("/") + 1]
            if (name in exist or family in exist) and self.random.random() < 0.6:
                if kind == "texts":
                    context[key] = self.random.sample(values, self.random.choice((1, 1, 2)))
                else:
                    context[key] = self.random.choice(values)
        return context

    def layer(self) -> dict[str, Any]:
        """Draw a document that mostly allows a lot, as boundaries and SCPs do."""
        document = self.document()
        if self.random.random() < 0.7:
            document["Statement"].append({"Effect": "Allow", "Action": "*", "Resource": "*"})
        return document

    def document(self) -> dict[str, Any]:
        statements = [self.statement() for _ in range(self.random.choice((1, 2, 2, 3)))]
        version = "2012-10-17" if self.random.random() < 0.95 else "2008-10-17"
        return {"Version": version, "Statement": statements}

    def statement(self) -> dict[str, Any]:
        random = self.random
        found: dict[str, Any] = {"Effect": "Allow" if random.random() < 0.65 else "Deny"}
        element = "Action" if random.random() < 0.85 else "NotAction"
        found[element] = self.some((*ACTIONS, *(action for action, _ in self.targets)))
        element = "Resource" if random.random() < 0.8 else "NotResource"
        named = (*RESOURCES, *(resource for _, resource in self.targets))
        found[element] = self.some(named if random.random() < 0.85 else VARIABLE_RESOURCES)
        if random.random() < 0.6:
            found["Condition"] = self.conditions()
        return found

    def some(self, values: tuple[str, ...]) -> str | list[str]:
        drawn = self.random.sample(values, min(len(values), self.random.choice((1, 1, 2, 3))))
        return drawn[0] if len(drawn) == 1 else drawn

    def conditions(self) -> dict[str, Any]:
        block: dict[str, Any] = {}
        for _ in range(self.random.choice((1, 1, 2))):
            key = self.random.choice(list(KEYS))
            operator, values = self.condition(key)
            block.setdefault(operator, {})[key] = values
        return block

    def condition(self, key: str) -> tuple[str, str | list[str]]:
        random = self.random
        kind, own = KEYS[key]
        if random.random() < 0.12:
            return "Null", random.choice(TRUTHS)
        plain = "text" if kind == "texts" else kind
        operator = random.choice(OPERATORS[plain])
        set_wanted = random.random() < (0.85 if kind == "texts" else 0.15)
        quantifier = random.choice(("ForAnyValue:", "ForAllValues:")) if set_wanted else ""
        suffix = "IfExists" if random.random() < 0.25 else ""
        mixed = own if plain != "address" and random.random() < 0.6 else VALUES[plain]
        if plain == "text" and random.random() < 0.15:
            mixed = VARIABLES
        return f"{quantifier}{operator}{suffix}", self.some(tuple(mixed))
