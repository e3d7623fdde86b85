"""Service Quotas: those of EC2 that a bake meets, with AWS's default values.

Otherwise than in moto: moto knows those of VPC alone. One is raised, as AWS does for an account
with a fleet: a new account may run 5 vCPUs, which is two small instances.
https://docs.aws.amazon.com/general/latest/gr/ec2-service.html
"""

import json

from moto.servicequotas.responses import ServiceQuotasResponse as MotoResponse

from goldenami_sandbox.overriding import overrides

_QUOTAS = {
    "L-B665C33B": ("AMIs", 50_000),
    "L-70015FFA": ("AMI sharing", 1_000),
    "L-0E3CBAB9": ("Public AMIs", 5),
    "L-1216C47A": ("Running On-Demand Standard (A, C, D, H, I, M, R, T, Z) instances", 100_000),
    "L-74FC7D96": ("Running On-Demand F instances", 0),
    "L-DB2E81BA": ("Running On-Demand G and VT instances", 0),
    "L-417A185B": ("Running On-Demand P instances", 0),
    "L-7295265B": ("Running On-Demand X instances", 0),
}
values: dict[str, int] = {}
"""What was raised or lowered, by code."""


def value(code: str) -> int:
    """Return a quota of EC2 as it is applied to every account."""
    return values.get(code, _QUOTAS[code][1])


class ServiceQuotasResponse(MotoResponse):
    """Answers Service Quotas."""

    @overrides
    def get_service_quota(self) -> str:
        """Return a quota as it is applied to the account."""
        code = self._get_param("QuotaCode")
        if self._get_param("ServiceCode") != "ec2" or code not in _QUOTAS:
            return super().get_service_quota()
        name, _ = _QUOTAS[code]
        arn = f"arn:aws:servicequotas:{self.region}:{self.current_account}:ec2/{code}"
        quota = {
            "ServiceCode": "ec2",
            "ServiceName": "Amazon Elastic Compute Cloud (Amazon EC2)",
            "QuotaArn": arn,
            "QuotaCode": code,
            "QuotaName": name,
            "Value": float(value(code)),
            "Unit": "None",
            "Adjustable": True,
            "GlobalQuota": False,
        }
        return json.dumps({"Quota": quota})
