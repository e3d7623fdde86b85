"""A stand-in for EC2 with any number of instances: canned pages, a chosen latency.

    python benchmarks/endpoint.py --instances 100000 --latency-ms 150

Every region has as many instances. A page is made once; its instance ids change with its number.
It answers what an audit, the AWS CLI and Cloud Custodian ask, and nothing else.
"""

import argparse
import json
import time
from collections import Counter
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock
from urllib.parse import parse_qs

ACCOUNT = "123456789012"
GOLDEN = "ami-0123456789abcdef0"
OTHER = "ami-0fedcba9876543210"
ONE_IN = 20
"""One instance in so many does not run the golden image."""
REGIONS = (
    "ap-northeast-1", "ap-northeast-2", "ap-northeast-3", "ap-south-1", "ap-southeast-1",
    "ap-southeast-2", "ca-central-1", "eu-central-1", "eu-north-1", "eu-west-1", "eu-west-2",
    "eu-west-3", "sa-east-1", "us-east-1", "us-east-2", "us-west-1", "us-west-2",
)  # fmt: skip
PAGE = 1000
_PAGE_NUMBER = b"@@@@@@"
_NS = 'xmlns="http://ec2.amazonaws.com/doc/2016-11-15/"'
_TAGS = "".join(
    f"<item><key>{key}</key><value>{value}</value></item>"
    for key, value in (
        ("Name", "shop-frontend"), ("Team", "platform"), ("Environment", "production"),
        ("CostCenter", "4711"), ("aws:autoscaling:groupName", "shop-frontend-blue"),
        ("aws:cloudformation:stack-name", "shop"), ("Owner", "shop@example.com"),
        ("Backup", "daily &amp; weekly"),
    )
)  # fmt: skip


def instance_id(number: int) -> str:
    """Return the id of an instance of a page; the page's number is filled in later."""
    return f"i-0000{number:07x}@@@@@@"


def image_of(number: int) -> str:
    """Return the image of an instance."""
    return OTHER if number % ONE_IN == 0 else GOLDEN


def metadata_item(number: int) -> str:
    """Return an instance as DescribeInstanceImageMetadata has it."""
    return (
        f"<item><instanceId>{instance_id(number)}</instanceId><instanceType>m6i.large"
        "</instanceType><launchTime>2026-10-05T08:15:42.000Z</launchTime><availabilityZone>"
        "us-east-1b</availabilityZone><zoneId>use1-az2</zoneId><instanceState><code>16</code>"
        f"<name>running</name></instanceState><instanceOwnerId>{ACCOUNT}</instanceOwnerId>"
        f"<tagSet>{_TAGS}</tagSet><imageMetadata><imageId>{image_of(number)}</imageId>"
        f"<name>web-base-2026.10.1</name><imageOwnerId>{ACCOUNT}</imageOwnerId><imageState>"
        "available</imageState><creationDate>2026-10-01T05:02:11.000Z</creationDate>"
        "<deprecationTime>2028-10-01T05:02:11.000Z</deprecationTime><imageAllowed>true"
        "</imageAllowed><isPublic>false</isPublic></imageMetadata></item>"
    )


def instance_item(number: int) -> str:
    """Return an instance as DescribeInstances has it, in a reservation of its own."""
    address = f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"
    group = "<item><groupId>sg-0a1b2c3d4e5f60718</groupId><groupName>shop</groupName></item>"
    dns = f"ip-{address.replace('.', '-')}.ec2.internal"
    return f"""<item><reservationId>r-0000{number:07x}@@@@@@</reservationId>
<ownerId>{ACCOUNT}</ownerId><groupSet/><instancesSet><item>
<instanceId>{instance_id(number)}</instanceId><imageId>{image_of(number)}</imageId>
<instanceState><code>16</code><name>running</name></instanceState>
<privateDnsName>{dns}</privateDnsName><dnsName/><reason/><keyName>shop</keyName>
<amiLaunchIndex>0</amiLaunchIndex><productCodes/><instanceType>m6i.large</instanceType>
<launchTime>2026-10-05T08:15:42.000Z</launchTime><placement>
<availabilityZone>us-east-1b</availabilityZone><availabilityZoneId>use1-az2</availabilityZoneId>
<groupName/><tenancy>default</tenancy></placement><monitoring><state>disabled</state></monitoring>
<subnetId>subnet-0a1b2c3d4e5f60718</subnetId><vpcId>vpc-0a1b2c3d4e5f60718</vpcId>
<privateIpAddress>{address}</privateIpAddress><sourceDestCheck>true</sourceDestCheck>
<groupSet>{group}</groupSet><architecture>x86_64</architecture>
<rootDeviceType>ebs</rootDeviceType><rootDeviceName>/dev/xvda</rootDeviceName>
<blockDeviceMapping><item><deviceName>/dev/xvda</deviceName><ebs>
<volumeId>vol-0000{number:07x}@@@@@@</volumeId><status>attached</status>
<attachTime>2026-10-05T08:15:43.000Z</attachTime><deleteOnTermination>true</deleteOnTermination>
</ebs></item></blockDeviceMapping><virtualizationType>hvm</virtualizationType>
<clientToken>fleet-{number:012d}</clientToken><tagSet>{_TAGS}</tagSet>
<hypervisor>xen</hypervisor><networkInterfaceSet><item>
<networkInterfaceId>eni-0000{number:07x}@@@@@@</networkInterfaceId>
<subnetId>subnet-0a1b2c3d4e5f60718</subnetId><vpcId>vpc-0a1b2c3d4e5f60718</vpcId><description/>
<ownerId>{ACCOUNT}</ownerId><status>in-use</status><macAddress>0a:1b:2c:3d:4e:5f</macAddress>
<privateIpAddress>{address}</privateIpAddress><privateDnsName>{dns}</privateDnsName>
<sourceDestCheck>true</sourceDestCheck><groupSet>{group}</groupSet><attachment>
<attachmentId>eni-attach-0a1b2c3d4e5f60718</attachmentId><deviceIndex>0</deviceIndex>
<networkCardIndex>0</networkCardIndex><status>attached</status>
<attachTime>2026-10-05T08:15:42.000Z</attachTime><deleteOnTermination>true</deleteOnTermination>
</attachment><privateIpAddressesSet><item><privateIpAddress>{address}</privateIpAddress>
<privateDnsName>{dns}</privateDnsName><primary>true</primary></item></privateIpAddressesSet>
<ipv6AddressesSet/><interfaceType>interface</interfaceType></item></networkInterfaceSet>
<iamInstanceProfile><arn>arn:aws:iam::{ACCOUNT}:instance-profile/shop</arn>
<id>AIPA0123456789ABCDEF0</id></iamInstanceProfile><ebsOptimized>true</ebsOptimized>
<enaSupport>true</enaSupport><cpuOptions><coreCount>1</coreCount><threadsPerCore>2</threadsPerCore>
</cpuOptions><capacityReservationSpecification><capacityReservationPreference>open
</capacityReservationPreference></capacityReservationSpecification><hibernationOptions>
<configured>false</configured></hibernationOptions><enclaveOptions><enabled>false</enabled>
</enclaveOptions><metadataOptions><state>applied</state><httpTokens>required</httpTokens>
<httpPutResponseHopLimit>2</httpPutResponseHopLimit><httpEndpoint>enabled</httpEndpoint>
<httpProtocolIpv6>disabled</httpProtocolIpv6><instanceMetadataTags>disabled</instanceMetadataTags>
</metadataOptions><platformDetails>Linux/UNIX</platformDetails>
<usageOperation>RunInstances</usageOperation>
<usageOperationUpdateTime>2026-10-05T08:15:42.000Z</usageOperationUpdateTime>
<privateDnsNameOptions><hostnameType>ip-name</hostnameType>
<enableResourceNameDnsARecord>false</enableResourceNameDnsARecord>
<enableResourceNameDnsAAAARecord>false</enableResourceNameDnsAAAARecord></privateDnsNameOptions>
<maintenanceOptions><autoRecovery>default</autoRecovery></maintenanceOptions>
<currentInstanceBootMode>uefi</currentInstanceBootMode></item></instancesSet></item>"""


_PAGES = {
    "DescribeInstances": (instance_item, "reservationSet"),
    "DescribeInstanceImageMetadata": (metadata_item, "instanceImageMetadataSet"),
}


@cache
def page(operation: str, size: int) -> bytes:
    """Return a page of instances, its number left open."""
    item, name = _PAGES[operation]
    items = "".join(map(item, range(size)))
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<{operation}Response {_NS}><requestId>'
        f"59dbff89-35bd-4eac-99ed-be587EXAMPLE</requestId><{name}>{items}</{name}>@@NEXT@@"
        f"</{operation}Response>"
    ).encode()


def numbered(operation: str, size: int, number: int, *, last: bool) -> bytes:
    """Return a page of instances with its number and the token of the next one."""
    token = b"" if last else b"<nextToken>%d</nextToken>" % (number + 1)
    found = page(operation, size).replace(_PAGE_NUMBER, b"%06x" % number)
    return found.replace(b"@@NEXT@@", token)


def images() -> str:
    """Return the account's images: a golden one, and one that somebody made by hand."""
    tags = {
        "goldenami:image": "web-base", "goldenami:version": "2026.10.1",
        "goldenami:build": "20261001T050211Z-a1b2c3", "goldenami:status": "approved",
        "goldenami:source": "ami-00000000000000001", "goldenami:spec": "0" * 64,
    }  # fmt: skip
    listed = "".join(f"<item><key>{k}</key><value>{v}</value></item>" for k, v in tags.items())
    both = _image(GOLDEN, "web-base-2026.10.1", listed) + _image(OTHER, "by hand", "")
    return (
        f"<DescribeImagesResponse {_NS}><requestId>x</requestId><imagesSet>{both}</imagesSet>"
        "</DescribeImagesResponse>"
    )


def _image(image_id: str, name: str, tags: str) -> str:
    return (
        f"<item><imageId>{image_id}</imageId><name>{name}</name><imageOwnerId>{ACCOUNT}"
        "</imageOwnerId><imageState>available</imageState><architecture>x86_64</architecture>"
        f"<creationDate>2026-10-01T05:02:11.000Z</creationDate><tagSet>{tags}</tagSet>"
        "<sourceImageId>ami-00000000000000001</sourceImageId><sourceImageRegion>us-east-1"
        "</sourceImageRegion></item>"
    )


_INVALID_ACTION = (
    b"<Response><Errors><Error><Code>InvalidAction</Code><Message>The action is not valid for this "
    b"web service.</Message></Error></Errors><RequestID>x</RequestID></Response>"
)


class Endpoint(ThreadingHTTPServer):
    """The server, with what it was asked."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, instances: int, latency_s: float, *, old: bool) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.old = old
        self.instances = instances
        self.latency_s = latency_s
        self.asked: Counter[str] = Counter()
        self.lock = Lock()

    def answer(self, asked: dict[str, list[str]]) -> tuple[int, bytes]:
        """Return the answer to an operation, with its HTTP status."""
        operation = asked["Action"][0]
        with self.lock:
            self.asked[operation] += 1
        time.sleep(self.latency_s)
        if self.old and operation == "DescribeInstanceImageMetadata":
            return 400, _INVALID_ACTION
        if operation in _PAGES:
            size = min(int(asked.get("MaxResults", [PAGE])[0]), PAGE, self.instances)
            number = int(asked.get("NextToken", ["0"])[0])
            last = (number + 1) * size >= self.instances
            return 200, numbered(operation, size, number, last=last)
        return 200, _OTHERS[operation]().encode()


def _regions() -> str:
    items = "".join(f"<item><regionName>{one}</regionName></item>" for one in REGIONS)
    return (
        f"<DescribeRegionsResponse {_NS}><requestId>x</requestId><regionInfo>{items}</regionInfo>"
        "</DescribeRegionsResponse>"
    )


def _caller() -> str:
    return (
        '<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">'
        f"<GetCallerIdentityResult><Arn>arn:aws:iam::{ACCOUNT}:user/bench</Arn><UserId>AIDA</UserId>"
        f"<Account>{ACCOUNT}</Account></GetCallerIdentityResult><ResponseMetadata><RequestId>x"
        "</RequestId></ResponseMetadata></GetCallerIdentityResponse>"
    )


def _credentials() -> str:
    return (
        '<AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleResult>'
        "<Credentials><AccessKeyId>ASIABENCH</AccessKeyId><SecretAccessKey>bench</SecretAccessKey>"
        "<SessionToken>bench</SessionToken><Expiration>2099-01-01T00:00:00Z</Expiration>"
        "</Credentials></AssumeRoleResult><ResponseMetadata><RequestId>x</RequestId>"
        "</ResponseMetadata></AssumeRoleResponse>"
    )


def _no_parameters() -> str:
    return json.dumps({"Parameters": [], "InvalidParameters": []})


_OTHERS = {
    "DescribeRegions": _regions,
    "GetCallerIdentity": _caller,
    "AssumeRole": _credentials,
    "DescribeImages": images,
    "GetParameters": _no_parameters,
}


class Handler(BaseHTTPRequestHandler):
    """Answers one connection."""

    protocol_version = "HTTP/1.1"
    wbufsize = -1
    disable_nagle_algorithm = True
    server: Endpoint

    def do_POST(self) -> None:
        """Answer one call, or the question what was asked so far."""
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        asked = parse_qs(body)
        if target := self.headers.get("X-Amz-Target"):
            asked = {"Action": [target.rpartition(".")[2]]}
        self._send(*self.server.answer(asked))

    def do_GET(self) -> None:
        """Tell what was asked since the last time."""
        with self.server.lock:
            told = json.dumps(self.server.asked)
            self.server.asked.clear()
        self._send(200, told.encode())

    def _send(self, status: int, answer: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "text/xml;charset=UTF-8")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def main() -> None:
    """Serve until killed; the address is the first line of the output."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--instances", type=int, default=10_000, help="in each region")
    parser.add_argument("--latency-ms", type=float, default=0.0)
    parser.add_argument("--old", action="store_true", help="no DescribeInstanceImageMetadata")
    given = parser.parse_args()
    server = Endpoint(given.instances, given.latency_ms / 1000, old=given.old)
    for operation in _PAGES:
        page(operation, min(given.instances, PAGE))
    print(f"http://127.0.0.1:{server.server_address[1]}", flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
