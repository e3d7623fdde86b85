"""Puts the sandbox's classes in the place of moto's, and empties what moto keeps.

Where moto differs from AWS, a subclass of moto's own class agrees with AWS: a ``…Response`` answers
operations, a ``…Store`` keeps an account's resources in one region. Each module says in what it
differs from moto, with the page of AWS that tells how it should be.
"""

import re
from collections.abc import Callable, Mapping
from datetime import timedelta
from functools import cache
from importlib import import_module
from threading import RLock
from types import ModuleType
from typing import Any

from botocore.exceptions import UnknownServiceError
from moto import backends as backend_modules
from moto.autoscaling import urls as autoscaling_urls
from moto.autoscaling.models import autoscaling_backends
from moto.config import urls as config_urls
from moto.core import errors, loaders, responses, utils
from moto.core.base_backend import AccountSpecificBackend, BackendDict, BaseBackend
from moto.core.common_models import BaseModel
from moto.core.model import OperationModel, ServiceModel
from moto.ec2 import urls as ec2_urls
from moto.ec2.models import (
    ec2_backends,
    elastic_block_store,
    elastic_network_interfaces,
    instances,
)
from moto.iam import urls as iam_urls
from moto.iam.models import Role, iam_backends
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

from goldenami_sandbox import (
    accounts,
    clock,
    config,
    group_launches,
    managed_instances,
    models,
    overriding,
    parameter_limits,
    run_command,
    service_quotas,
    vulnerabilities,
    whole_seconds,
)
from goldenami_sandbox.autoscaling import AutoScalingResponse, AutoScalingStore
from goldenami_sandbox.config import ConfigResponse
from goldenami_sandbox.ec2 import image_creation
from goldenami_sandbox.ec2 import regions as ec2_regions
from goldenami_sandbox.ec2.attachments import SandboxAttachment, SandboxInterface
from goldenami_sandbox.ec2.instance import SandboxInstance
from goldenami_sandbox.ec2.response import Ec2Response
from goldenami_sandbox.ec2.store import Ec2Store
from goldenami_sandbox.iam import wording
from goldenami_sandbox.iam.calls import IamResponse
from goldenami_sandbox.iam.store import IamStore, described_boundary
from goldenami_sandbox.inspector import response as inspector_response
from goldenami_sandbox.inspector.response import InspectorResponse
from goldenami_sandbox.inspector.store import InspectorStore
from goldenami_sandbox.kms import KmsResponse
from goldenami_sandbox.organizations import documents
from goldenami_sandbox.organizations.calls import OrganizationsResponse
from goldenami_sandbox.organizations.store import OrganizationsStore
from goldenami_sandbox.overriding import replace
from goldenami_sandbox.serialization import installing
from goldenami_sandbox.service_quotas import ServiceQuotasResponse
from goldenami_sandbox.ssm import SsmResponse, SsmStore
from goldenami_sandbox.sts import StsResponse

overriding.check()


def install() -> None:
    """Let moto answer with the sandbox's classes; to call it again changes nothing.

    Raises:
        MotoChangedError: the moto that is installed lacks what is replaced.
    """
    for backends, store in (
        (autoscaling_backends, AutoScalingStore),
        (ec2_backends, Ec2Store),
        (iam_backends, IamStore),
        (inspector2_backends, InspectorStore),
        (organizations_backends, OrganizationsStore),
        (ssm_backends, SsmStore),
    ):
        replace(backends, "backend", store)
    for path in inspector_response.PATHS:
        inspector_urls.url_paths[f"{{0}}/{path}$"] = InspectorResponse.dispatch
    for urls, response in (
        (autoscaling_urls, AutoScalingResponse),
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
        replace(urls, "url_paths", dict.fromkeys(urls.url_paths, response.dispatch))
    replace(instances, "Instance", SandboxInstance)
    replace(elastic_block_store, "VolumeAttachment", SandboxAttachment)
    replace(elastic_network_interfaces, "NetworkInterface", SandboxInterface)
    replace(Role, "permissions_boundary", property(described_boundary))
    accounts.install()
    ec2_regions.install()
    wording.install()
    installing.install()
    whole_seconds.install()
    group_launches.install()
    parameter_limits.install()
    replace(BaseBackend, "_url_module", property(_url_module))
    replace(ServiceModel, "operation_model", _one_at_a_time)
    _let_go()
    _look_up_once()


def reset(pending_s: float) -> None:
    """Empty every account, make ids start anew, and set how long things stay pending."""
    clock.pending_s, clock.passed = pending_s, timedelta()
    documents.scp_characters = documents.SCP_CHARACTERS
    image_creation.copies_fail.clear()
    ec2_regions.opted_in.clear()
    vulnerabilities.by_region.clear()
    vulnerabilities.failures_by_region.clear()
    service_quotas.values.clear()
    config.outdated.clear()
    managed_instances.default_roles.clear()
    run_command.user_data = run_command.UserData()
    _forget_stores()
    organizations_backends.master_accounts.clear()
    mock_random.seed(1)


def _forget_stores() -> None:
    """Drop what every account has; moto's own reset makes each store anew before it drops it.

    S3 alone has to be reset: its objects are open files, and its names are everybody's.
    """
    in_use: list[Any] = BackendDict._instances  # type: ignore[misc]  # noqa: SLF001
    for backends in in_use:
        for regions in backends.values():
            if hasattr(backends, "bucket_accounts"):
                regions.reset()
            regions.clear()
        backends.clear()
    in_use.clear()


def _url_module(store: BaseBackend) -> ModuleType:
    """Return moto's module with the paths of a service; moto takes a store for one of its own."""
    module = next(base.__module__ for base in type(store).__mro__ if base.__module__[:5] == "moto.")
    return import_module(module.removesuffix("models") + "urls")


_operation_model: Callable[[ServiceModel, str], OperationModel] = ServiceModel.operation_model
_making_models = RLock()


def _one_at_a_time(model: ServiceModel, name: str) -> OperationModel:
    """Return moto's model of an operation, which first keeps botocore's in the same place.

    A thread that asks in that moment would get botocore's, which lacks what moto routes by.
    """
    with _making_models:
        return _operation_model(model, name)


def _let_go() -> None:
    """Let moto keep nothing of an account that is emptied.

    Its classes list every resource ever made, for a dashboard that the sandbox does not have, and a
    cache of regions keeps the stores of many accounts.
    """
    replace(BaseModel, "__new__", staticmethod(_untracked))
    replace(AccountSpecificBackend, "_generate_regions", lambda _, service: _regions(service))


def _untracked(kind: type, *_: Any, **__: Any) -> Any:
    return object.__new__(kind)


_ACCESS_KEY = re.compile(r"Credential=([A-Z0-9]{20})/")
"""Of a signature; moto's own is tried at each character of it."""
_CALLED_AS_THEIR_ENDPOINTS = ("autoscaling", "config", "ec2", "inspector2", "kms", "s3", "ssm")


@cache
def _regions(service: str) -> tuple[str, ...]:
    """Return the regions of a service; botocore makes a session, and reads the model anew."""
    endpoint = service
    if service not in _CALLED_AS_THEIR_ENDPOINTS:
        try:
            endpoint = utils.get_service_model(service).metadata.get("endpointPrefix", service)
        except UnknownServiceError:
            return ()
    return tuple(name for each in models.partitions() for name in models.regions_of(endpoint, each))


def _look_up_once() -> None:
    """Let moto look up once what it looks up for every request."""
    modules = frozenset(backend_modules.list_of_moto_modules())
    replace(backend_modules, "list_of_moto_modules", lambda: modules)
    replace(responses, "method_names_from_class", _method_names)
    replace(responses, "camelcase_to_underscores", _underscored)
    replace(responses.BaseResponse, "_enrich_response", staticmethod(_with_request_id))
    replace(responses.BaseResponse, "access_key_regex", _ACCESS_KEY)
    lookups = errors.ErrorLookupFactory()
    replace(errors, "ErrorLookupFactory", lambda: lookups)
    replace(utils, "create_loader", _loader)
    replace(utils, "service_name_from_moto_package_name", _service_of)


def _service_of(package: str) -> str:
    """Return the service of a package of moto's, which makes a session to know that of each."""
    return _services().get(package, package)


@cache
def _loader() -> loaders.Loader:
    return loaders.Loader([loaders.moto_root], models.JsonFiles())


@cache
def _services() -> Mapping[str, str]:
    names: list[str] = _loader().list_available_services("service-2")
    return {name.replace("-", ""): name for name in names}


_underscored = cache(utils.camelcase_to_underscores)


@cache
def _method_names(kind: object) -> frozenset[str]:
    return frozenset(utils.method_names_from_class(kind))


def _with_request_id(headers: dict[str, str], body: Any) -> tuple[dict[str, str], Any]:
    """Put a request's id into headers and answer, a UUID as AWS's are.

    Moto draws 52 characters, has one id for all of EC2's answers, and searches the whole of each.
    """
    request_id = str(mock_random.uuid4())
    headers["x-amzn-requestid"] = request_id
    if "status" in headers:
        headers["status"] = str(headers["status"])
    if isinstance(body, str) and body[:64].lstrip().startswith("<"):
        for element in ("<requestId>", "<RequestId>"):
            before, mark, after = body.partition(element)
            if mark:
                body = f"{before}{mark}{request_id}<{after.partition('<')[2]}"
    return headers, body
