"""SSM: parameters; Run Command and managed instances have files of their own.

Otherwise than in moto, a parameter of data type ``aws:ec2:image`` is checked after the call and
appears only if the image exists in its region; the public parameters name images of the catalogue.
https://docs.aws.amazon.com/systems-manager/latest/userguide/parameter-store-ec2-aliases.html
https://docs.aws.amazon.com/systems-manager/latest/userguide/parameter-store-public-parameters-ami.html
"""

import re
from typing import cast

from moto.core.responses import ActionResult
from moto.core.utils import utcnow
from moto.ec2.models import ec2_backends
from moto.ssm.exceptions import SSMException, ValidationException
from moto.ssm.models import Parameter, ParameterDict, SimpleSystemManagerBackend

from goldenami_sandbox import catalogue
from goldenami_sandbox.clock import QUICK, Countdown
from goldenami_sandbox.managed_instances import ManagedInstancesResponse
from goldenami_sandbox.overriding import overrides
from goldenami_sandbox.parameter_limits import ParameterLimitsResponse
from goldenami_sandbox.run_command import RunCommandResponse

IMAGE_TYPE = "aws:ec2:image"
_PUBLIC = (
    "/aws/service/ami-amazon-linux-latest",
    "/aws/service/ami-windows-latest",
    "/aws/service/canonical",
)
_IMAGE_ID = re.compile(r"ami-[0-9a-f]{8,17}")


def image_parameter(account_id: str, name: str, image_id: str, version: int = 1) -> Parameter:
    """Return a version of a parameter that names an image."""
    return Parameter(  # type: ignore[abstract]
        account_id,
        name,
        image_id,
        "String",
        description=None,
        allowed_pattern=None,
        keyid=None,
        last_modified_date=utcnow(),
        version=version,
        data_type=IMAGE_TYPE,
    )


class PublicParameters(ParameterDict):
    """All parameters of a region; the public ones come when they are first asked for."""

    @overrides
    def __init__(self, account_id: str, region_name: str) -> None:
        super().__init__(account_id, region_name)
        self._has_public = False

    @overrides
    def _check_loading_status(self, key: str) -> None:
        if not str(key or "").startswith(_PUBLIC):
            super()._check_loading_status(key)
        elif not self._has_public:
            self._has_public = True
            for image in catalogue.IMAGES:
                for name in image.ssm_parameters:
                    image_id = image.id_in(self.region_name)
                    self[name].append(image_parameter(self.account_id, name, image_id))


class SsmStore(SimpleSystemManagerBackend):
    """The parameters of a region, and those that wait for their check."""

    @overrides
    def __init__(self, region_name: str, account_id: str) -> None:
        super().__init__(region_name, account_id)
        self._parameters = PublicParameters(account_id, region_name)
        self._unchecked: list[tuple[Countdown, Parameter]] = []

    def withhold(self, name: str) -> None:
        """Hide the newest version of a parameter until its image is checked."""
        key = self._parameters.normalize_name(name)
        versions = self._parameters[key]
        self._unchecked.append((Countdown(steps=QUICK), versions.pop()))
        if not versions:
            del self._parameters[key]

    def newest(self, name: str) -> Parameter | None:
        """Return the newest version of a parameter, checked or not; None if there is none."""
        key = self._parameters.normalize_name(name)
        unchecked = [version for _, version in self._unchecked if version.name == key]
        return next(iter([*unchecked, *self._parameters.get(key, ())][-1:]), None)

    def check(self) -> None:
        """Show the versions whose image exists, and forget the others."""
        due = [version for version in self._unchecked if version[0].ended]
        self._unchecked = [version for version in self._unchecked if version not in due]
        images = ec2_backends[self.account_id][self.region_name].amis
        for _, parameter in due:
            if parameter.value in images:
                self._parameters[parameter.name].append(parameter)


class ParametersResponse(ParameterLimitsResponse):
    """PutParameter."""

    @overrides
    def put_parameter(self) -> ActionResult:
        """Write a parameter; one that names an image appears when the image is checked."""
        value = self._get_param("Value")
        names_image = self._get_param("DataType") == IMAGE_TYPE
        if names_image and not _IMAGE_ID.fullmatch(value):
            raise ValidationException(f"Parameter value is not an AMI ID: {value}")
        self._check_unchanged()
        answer = super().put_parameter()
        if names_image:
            self.ssm_backend.withhold(self._get_param("Name"))  # type: ignore[attr-defined]
        return answer

    def _check_unchanged(self) -> None:
        """Refuse another type, or data type, for a parameter that is there.

        https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_PutParameter.html
        """
        there = self.ssm_backend.newest(self._get_param("Name"))  # type: ignore[attr-defined]
        if there is None or not self._get_param("Overwrite"):
            return
        kind, data_type = self._get_param("Type"), self._get_param("DataType")
        if kind and kind != there.parameter_type:
            raise SSMException(
                "HierarchyTypeMismatchException",
                f"The parameter type cannot be changed from {there.parameter_type} to {kind}: "
                "create a new, unique parameter.",
            )
        if data_type and data_type != there.data_type:
            raise ValidationException(
                f"The data type of an existing parameter cannot be changed from {there.data_type} "
                f"to {data_type}."
            )


class SsmResponse(ParametersResponse, RunCommandResponse, ManagedInstancesResponse):
    """Answers SSM's operations: the sandbox's own, and moto's for the rest."""

    @property
    @overrides
    def ssm_backend(self) -> SsmStore:
        """The store, after the checks that are due."""
        store = cast(SsmStore, super().ssm_backend)
        store.check()
        return store
