"""AWS's wire formats for an error answer.

References:
    EC2: https://docs.aws.amazon.com/ec2/latest/devguide/ec2-api-error-codes.html
    Query (IAM, STS): https://smithy.io/2.0/aws/protocols/aws-query-protocol.html
    JSON (SSM, KMS): https://smithy.io/2.0/aws/protocols/aws-json-1_1-protocol.html
    REST JSON (Inspector): https://smithy.io/2.0/aws/protocols/aws-restjson1-protocol.html
    REST XML (S3): https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html
"""

import json
from uuid import uuid4
from xml.sax.saxutils import escape

from goldenami_sandbox.calls import Protocol, Refusal

_XML = "text/xml;charset=UTF-8"
_JSON = "application/x-amz-json-1.1"


def error_answer(protocol: Protocol, refusal: Refusal) -> tuple[str, bytes]:
    """Return content type and body of an error in the format the client reads."""
    request_id = str(uuid4())
    if protocol in ("json", "rest-json"):
        named = "__type" if protocol == "json" else "code"
        return _JSON, json.dumps({named: refusal.code, "message": refusal.message}).encode()
    error = f"<Code>{escape(refusal.code)}</Code><Message>{escape(refusal.message)}</Message>"
    if protocol == "ec2":
        body = (
            f"<Response><Errors><Error>{error}</Error></Errors>"
            f"<RequestID>{request_id}</RequestID></Response>"
        )
    elif protocol == "rest-xml":
        body = f"<Error>{error}<RequestId>{request_id}</RequestId></Error>"
    else:
        side = "Receiver" if refusal.status >= 500 else "Sender"
        body = (
            f"<ErrorResponse><Error><Type>{side}</Type>{error}</Error>"
            f"<RequestId>{request_id}</RequestId></ErrorResponse>"
        )
    return _XML, f'<?xml version="1.0" encoding="UTF-8"?>\n{body}'.encode()
