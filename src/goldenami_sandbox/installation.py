"""Where moto differs from AWS, and how it is made to agree: one module per area of AWS.

A mend is a subclass of moto's own class: a ``…Response`` answers operations, a ``…Store`` keeps
an account's resources in one region. `install` puts the subclasses in the place of moto's.
Each module says which differences it mends, with the page of AWS that tells how it should be.
"""

from moto.autoscaling import urls as auto_scaling_urls
from moto.autoscaling.models import autoscaling_backends
from moto.config import urls as config_urls
from moto.core.base_backend import BackendDict
from moto.ec2 import urls as ec2_urls
from moto.ec2.models import ec2_backends
from moto.iam import urls as iam_urls
from moto.iam.models import iam_backends
from moto.inspector2 import urls as inspector_urls
from moto.inspector2.models import inspector2_backends
from moto.kms import urls as kms_urls
from moto.moto_api._internal import mock_random
from moto.organizations import urls as organizations_urls
from moto.organizations.models import organizations_backends
from moto.servicequotas import urls as service_quotas_urls
from moto.ssm import urls as ssm_urls
from moto.ssm.models import ssm_backends
from moto.sts import urls as sts_urls

from goldenami_sandbox import clock, config, inspector, service_quotas
from goldenami_sandbox.autoscaling import AutoScalingResponse, AutoScalingStore
from goldenami_sandbox.config import ConfigResponse
from goldenami_sandbox.ec2 import image_creation
from goldenami_sandbox.ec2.response import Ec2Response
from goldenami_sandbox.ec2.store import Ec2Store
from goldenami_sandbox.iam.calls import IamResponse
from goldenami_sandbox.iam.store import IamStore
from goldenami_sandbox.inspector import InspectorResponse, InspectorStore
from goldenami_sandbox.kms import KmsResponse
from goldenami_sandbox.organizations import documents
from goldenami_sandbox.organizations.calls import OrganizationsResponse
from goldenami_sandbox.organizations.store import OrganizationsStore
from goldenami_sandbox.service_quotas import ServiceQuotasResponse
from goldenami_sandbox.ssm import SsmResponse, SsmStore
from goldenami_sandbox.sts import StsResponse


def install() -> None:
    """Let moto answer with the mended classes; to call it again changes nothing."""
    for backends, store in (
        (autoscaling_backends, AutoScalingStore),
        (ec2_backends, Ec2Store),
        (iam_backends, IamStore),
        (inspector2_backends, InspectorStore),
        (organizations_backends, OrganizationsStore),
        (ssm_backends, SsmStore),
    ):
        backends.backend = store
    inspector_urls.url_paths[inspector.COVERAGE_PATH] = InspectorResponse.dispatch
    for urls, response in (
        (auto_scaling_urls, AutoScalingResponse),
        (config_urls, ConfigResponse),
        (ec2_urls, Ec2Response),
        (iam_urls, IamResponse),
        (inspector_urls, InspectorResponse),
        (kms_urls, KmsResponse),
        (organizations_urls, OrganizationsResponse),
        (service_quotas_urls, ServiceQuotasResponse),
        (ssm_urls, SsmResponse),
        (sts_urls, StsResponse),
    ):
        vars(urls)["url_paths"] = dict.fromkeys(urls.url_paths, response.dispatch)


def reset(pending_s: float) -> None:
    """Empty every account, make ids start anew, and set how long things stay pending."""
    clock.pending_s = pending_s
    documents.scp_characters = documents.SCP_CHARACTERS
    image_creation.copies_fail.clear()
    inspector.vulnerabilities.clear()
    service_quotas.values.clear()
    config.outdated.clear()
    BackendDict.reset()
    organizations_backends.master_accounts.clear()
    mock_random.seed(1)
