"""An account's worth of policies, principals and requests, drawn at random: for ``evaluator.py``.

Everything is drawn anew from a seed, so that two rounds have no request in common:

- 100 principals, users and roles, each with tags, a path and an id of its own;
- 150 documents of one to five statements on fourteen services: actions whole, ``Get*`` and
  ``ec2:*``, NotAction; resources that are whole, by kind, by prefix, by variable, ``*``; conditions
  of eighteen forms on tags, regions, addresses, dates and owners, IfExists and Null among them;
- three to eight of them for each principal; a third have AdministratorAccess, and the guardrail
  with 80 snapshots and the tag protection instead; all are under two levels of service control
  policies, a third under a boundary, a quarter of the roles in a session with a policy;
- requests, half of which are of launches of an image, an instance type and tags of their own
  (seven or eight resources each, as ``iam/authorization`` says), and half of thirty other actions,
  each on a resource of its own with twelve condition keys or more.
"""

from collections.abc import Iterator, Mapping
from random import Random
from typing import Any

from msgspec import Struct

from goldenami.iam.account import ADMINISTRATOR
from goldenami.iam.authorization import resources
from goldenami.iam.authorization.calls import ApiCall, requests
from goldenami.iam.authorization.resources import Resource, Scope
from goldenami.iam.evaluator.decide import Level, Policies
from goldenami.iam.evaluator.document import Policy, compile_policy
from goldenami.iam.evaluator.request import Principal, Request, Value
from goldenami.iam.profiles import profile_named
from goldenami.iam.render import PolicyDocument, render
from goldenami.iam.values import Values

ACCOUNT = "123456789012"
SNAPSHOTS = tuple(f"snap-{number:017x}" for number in range(80))
PRINCIPALS, DOCUMENTS = 100, 150
REGIONS = ("us-east-1", "us-west-2", "eu-west-1", "eu-central-1", "ap-southeast-2")
TEAMS = tuple(f"team-{number}" for number in range(12))
STAGES = ("dev", "stage", "prod", "sandbox")
TYPES = ("t3.micro", "m7i.large", "c7g.xlarge", "r6i.2xlarge", "p5.48xlarge")

ACTIONS: Mapping[str, str] = {
    "ec2:StopInstances": "arn:aws:ec2:{region}:{account}:instance/i-{id}",
    "ec2:TerminateInstances": "arn:aws:ec2:{region}:{account}:instance/i-{id}",
    "ec2:CreateTags": "arn:aws:ec2:{region}::image/ami-{id}",
    "ec2:DeregisterImage": "arn:aws:ec2:{region}::image/ami-{id}",
    "ec2:CreateVolume": "arn:aws:ec2:{region}:{account}:volume/*",
    "ec2:DeleteSnapshot": "arn:aws:ec2:{region}::snapshot/snap-{id}",
    "ec2:ModifyImageAttribute": "arn:aws:ec2:{region}::image/ami-{id}",
    "ec2:DescribeInstances": "*",
    "ec2:DescribeImages": "*",
    "iam:PassRole": "arn:aws:iam::{account}:role/{team}/{id}",
    "iam:GetRole": "arn:aws:iam::{account}:role/{team}/{id}",
    "iam:AttachRolePolicy": "arn:aws:iam::{account}:role/{team}/{id}",
    "iam:CreateUser": "arn:aws:iam::{account}:user/{team}/{id}",
    "s3:GetObject": "arn:aws:s3:::{team}-{stage}/{id}",
    "s3:PutObject": "arn:aws:s3:::{team}-{stage}/{id}",
    "s3:ListBucket": "arn:aws:s3:::{team}-{stage}-{id}",
    "kms:Decrypt": "arn:aws:kms:{region}:{account}:key/{id}",
    "kms:CreateGrant": "arn:aws:kms:{region}:{account}:key/{id}",
    "ssm:GetParameter": "arn:aws:ssm:{region}:{account}:parameter/{team}/{id}",
    "ssm:PutParameter": "arn:aws:ssm:{region}:{account}:parameter/golden-ami/{id}",
    "ssm:SendCommand": "arn:aws:ssm:{region}:{account}:document/{id}",
    "sqs:SendMessage": "arn:aws:sqs:{region}:{account}:{team}-{id}",
    "sns:Publish": "arn:aws:sns:{region}:{account}:{team}-{id}",
    "lambda:InvokeFunction": "arn:aws:lambda:{region}:{account}:function:{team}-{id}",
    "autoscaling:UpdateAutoScalingGroup": (
        "arn:aws:autoscaling:{region}:{account}:autoScalingGroup:{id}:autoScalingGroupName/{team}"
    ),
    "autoscaling:DescribeAutoScalingGroups": "*",
    "cloudwatch:PutMetricData": "*",
    "logs:PutLogEvents": "arn:aws:logs:{region}:{account}:log-group:{team}:log-stream:{id}",
    "secretsmanager:GetSecretValue": "arn:aws:secretsmanager:{region}:{account}:secret:{team}-{id}",
    "sts:AssumeRole": "arn:aws:iam::{account}:role/{team}/{id}",
}
"""Actions beside launches, and what each is on."""

CONDITIONS: tuple[Mapping[str, Any], ...] = (
    {"StringEquals": {"aws:RequestedRegion": ["us-east-1", "eu-west-1", "eu-central-1"]}},
    {"StringNotEquals": {"aws:RequestedRegion": ["us-east-1", "eu-west-1"]}},
    {"StringEquals": {"aws:ResourceTag/team": "${aws:PrincipalTag/team}"}},
    {"StringEqualsIgnoreCase": {"aws:PrincipalTag/stage": ["dev", "Stage"]}},
    {"StringLike": {"aws:RequestTag/team": "team-*"}},
    {"StringNotEqualsIfExists": {"ec2:ResourceTag/stage": "prod"}},
    {"ForAllValues:StringEquals": {"aws:TagKeys": ["team", "stage", "Name"]}},
    {"ForAnyValue:StringLike": {"aws:TagKeys": ["goldenami:*", "aws:*"]}},
    {"Null": {"aws:RequestTag/team": "true"}},
    {"Bool": {"aws:MultiFactorAuthPresent": "true"}},
    {"BoolIfExists": {"aws:SecureTransport": "false"}},
    {"IpAddress": {"aws:SourceIp": ["10.0.0.0/8", "203.0.113.0/24", "198.51.100.0/24"]}},
    {"NotIpAddress": {"aws:SourceIp": ["10.0.0.0/8"]}},
    {"DateLessThan": {"aws:CurrentTime": "2027-01-01T00:00:00Z"}},
    {"ArnNotLike": {"aws:PrincipalArn": [f"arn:aws:iam::{ACCOUNT}:role/team-1*/*"]}},
    {"StringEquals": {"ec2:Owner": ["amazon", ACCOUNT]}},
    {"NumericLessThanEquals": {"ec2:VolumeSize": "100"}, "Bool": {"ec2:Encrypted": "true"}},
    {"StringLike": {"ec2:InstanceType": ["t3.*", "m7i.*"]}},
)


class Asking(Struct, frozen=True):
    """A principal, and all that binds it."""

    principal: Principal
    policies: Policies


def guardrail() -> list[PolicyDocument]:
    """Return the guardrail of 80 snapshots, and its companion."""
    values = Values(account=ACCOUNT, snapshots=SNAPSHOTS)
    profiles = (profile_named("guardrail"), profile_named("tag-protection"))
    return [document for one in profiles for document in render(one, values)]


class Matrix:
    """What one seed draws."""

    def __init__(self, seed: int) -> None:
        self._random = Random(seed)
        self.documents = [self._document() for _ in range(DOCUMENTS)]
        self._pool = [
            compile_policy(f"policy-{number}", document)
            for number, document in enumerate(self.documents)
        ]
        self._guardrail = [compile_policy(each.name, each.policy) for each in guardrail()]
        self._levels = (self._level("root", 1), self._level("workloads", 2))
        self.asking = [self._asking(number) for number in range(PRINCIPALS)]

    def requests(self, count: int) -> list[tuple[Policies, Request]]:
        """Draw requests that nobody has made yet, each with the policies to decide it by."""
        drawn: list[tuple[Policies, Request]] = []
        while len(drawn) < count:
            asking = self._random.choice(self.asking)
            launch = list(self._launch(asking.principal))
            others = [self._other(asking.principal) for _ in launch]
            drawn += [(asking.policies, request) for request in (*launch, *others)]
        return drawn[:count]

    def _asking(self, number: int) -> Asking:
        random = self._random
        role = number % 5 > 2
        team, stage = random.choice(TEAMS), random.choice(STAGES)
        principal = Principal.from_arn(
            f"arn:aws:iam::{ACCOUNT}:{'role' if role else 'user'}/{team}/member-{number}",
            tags={"team": team, "stage": stage, "cost-center": str(random.randrange(10_000))},
            unique_id=f"{'AROA' if role else 'AIDA'}{number:016}",
            session=f"session-{number}" if role else "",
            organization="o-matrix",
        )
        own = random.sample(self._pool, random.randint(3, 8))
        if number % 3 == 0:
            own = [ADMINISTRATOR.compiled, *self._guardrail]
        policies = Policies(
            identity=tuple(own),
            boundary=self._wide() if number % 3 == 1 else None,
            scps=self._levels,
            session=(self._wide(),) if role and number % 4 == 0 else None,
        )
        return Asking(principal, policies)

    def _level(self, name: str, denies: int) -> Level:
        return Level(name, (ADMINISTRATOR.compiled, *(self._wide() for _ in range(denies))))

    def _wide(self) -> Policy:
        """Draw a policy that allows everything and denies something, as boundaries and SCPs do."""
        denied = {**self._statement(), "Effect": "Deny", "Condition": self._condition()}
        allowed = {"Effect": "Allow", "Action": "*", "Resource": "*"}
        document = {"Version": "2012-10-17", "Statement": [allowed, denied]}
        return compile_policy("wide", document)

    def _document(self) -> dict[str, Any]:
        statements = [self._statement() for _ in range(self._random.randint(1, 5))]
        return {"Version": "2012-10-17", "Statement": statements}

    def _statement(self) -> dict[str, Any]:
        random = self._random
        actions = random.sample([*ACTIONS, "ec2:RunInstances"], random.randint(1, 5))
        statement: dict[str, Any] = {"Effect": "Deny" if random.random() < 0.25 else "Allow"}
        if random.random() < 0.1:
            statement["NotAction"] = [f"{action.partition(':')[0]}:*" for action in actions]
        else:
            statement["Action"] = [self._wider(action) for action in actions]
        statement["Resource"] = [self._pattern(action) for action in actions]
        if random.random() < 0.6:
            statement["Condition"] = self._condition()
        return statement

    def _wider(self, action: str) -> str:
        service, _, name = action.partition(":")
        verb = name[:3]
        return self._random.choice((action, action, f"{service}:{verb}*", f"{service}:*"))

    def _pattern(self, action: str) -> str:
        form = ACTIONS.get(action, "arn:aws:ec2:{region}:{account}:instance/*")
        team, account = self._random.choice((*TEAMS, "${aws:PrincipalTag/team}")), ACCOUNT
        region = self._random.choice((*REGIONS, "*", "*"))
        whole = form.format(
            region=region, account=account, team=team, id="*", stage=self._random.choice(STAGES)
        )
        return self._random.choice((whole, whole, "*"))

    def _condition(self) -> dict[str, Any]:
        together: dict[str, Any] = {}
        for block in self._random.sample(CONDITIONS, self._random.choice((1, 1, 2))):
            for operator, keys in block.items():
                together[operator] = {**together.get(operator, {}), **keys}
        return together

    def _id(self) -> str:
        return f"{self._random.getrandbits(68):017x}"

    def _circumstances(self) -> dict[str, Value]:
        random = self._random
        second = random.randrange(60)
        return {
            "aws:CurrentTime": f"2026-11-{random.randint(1, 30):02}T12:34:{second:02}Z",
            "aws:EpochTime": str(1_790_000_000 + random.randrange(10_000_000)),
            "aws:MultiFactorAuthPresent": random.choice(("true", "false")),
            "aws:SecureTransport": "true",
            "aws:SourceIp": f"{random.choice((10, 203, 198))}.0.113.{random.randrange(256)}",
            "aws:UserAgent": f"aws-cli/2.{random.randrange(30)}.{random.randrange(30)}",
            "aws:ViaAWSService": "false",
        }

    def _tags(self) -> dict[str, str]:
        random = self._random
        tags = {"team": random.choice(TEAMS), "stage": random.choice(STAGES), "Name": self._id()}
        return dict(random.sample(list(tags.items()), random.randint(1, 3)))

    def _other(self, principal: Principal) -> Request:
        random = self._random
        action, form = random.choice(list(ACTIONS.items()))
        region, tags = random.choice(REGIONS), self._tags()
        return Request(
            principal=principal,
            action=action,
            resource=form.format(
                region=region, account=ACCOUNT, id=self._id(),
                team=random.choice(TEAMS), stage=random.choice(STAGES),
            ),
            context={
                "aws:RequestedRegion": region,
                **self._circumstances(),
                **resources.resource_tags(tags, action.partition(":")[0]),
                **resources.request_tags([{"Key": "team", "Value": random.choice(TEAMS)}]),
                "ec2:Owner": random.choice(("amazon", ACCOUNT, "999999999999")),
            },
        )  # fmt: skip

    def _launch(self, principal: Principal) -> Iterator[Request]:
        random = self._random
        tags = [{"Key": key, "Value": value} for key, value in self._tags().items()]
        named = [{"ResourceType": kind, "Tags": tags} for kind in ("instance", "volume")]
        parameters = {
            "ImageId": f"ami-{self._id()}",
            "InstanceType": random.choice(TYPES),
            "SubnetId": f"subnet-{self._id()}",
            "SecurityGroupIds": [f"sg-{self._id()}"],
            "KeyName": f"key-{self._id()}",
            "TagSpecifications": named,
        }
        call = ApiCall("ec2:RunInstances", random.choice(REGIONS), parameters)
        yield from requests(call, principal, self, self._circumstances())

    def find(self, kind: str, name: str, region: str) -> Resource:
        """Draw the resource of a launch: a `ResourceLookup`."""
        scope, tags, random = Scope("aws", region, ACCOUNT), self._tags(), self._random
        owner = random.choice(("amazon", ACCOUNT, "999999999999"))
        if kind == "image":
            snapshot = random.choice((*SNAPSHOTS, f"snap-{self._id()}"))
            ebs = {"SnapshotId": snapshot, "VolumeType": "gp3", "VolumeSize": 8}
            devices = [{"DeviceName": "/dev/xvda", "Ebs": ebs}]
            public = random.random() < 0.2
            return resources.image(scope, name, tags, owner=owner, public=public, devices=devices)
        if kind == "snapshot":
            return resources.snapshot(scope, name, tags, owner=owner, size=8)
        return resources.ec2(scope, kind, name, tags)
