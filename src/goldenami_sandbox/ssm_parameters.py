"""Parameter Store: public image parameters, and parameters that name an image.

Mended: a parameter of data type ``aws:ec2:image`` is checked after the call and appears only if
the image exists in its region; the public parameters name images of the sandbox's catalogue.
https://docs.aws.amazon.com/systems-manager/latest/userguide/parameter-store-ec2-aliases.html
https://docs.aws.amazon.com/systems-manager/latest/userguide/parameter-store-public-parameters-ami.html
"""

import re

from moto.core.responses import ActionResult
from moto.core.utils import utcnow
from moto.ec2.models import ec2_backends
from moto.ssm.exceptions import ValidationException
from moto.ssm.models import Parameter, ParameterDict, SimpleSystemManagerBackend
from moto.ssm.responses import SimpleSystemManagerResponse

from goldenami_sandbox import catalogue
from goldenami_sandbox.clock import Countdown

IMAGE_TYPE = "aws:ec2:image"
_PUBLIC = ("/aws/service/ami-amazon-linux-latest", "/aws/service/canonical")
_IMAGE_ID = re.compile(r"ami-[0-9a-f]{8,17}")


def image_parameter(account_id: str, name: str, image_id: str) -> Parameter:
    """Return the first version of a parameter that names an image."""
    return Parameter(  # type: ignore[abstract]
        account_id,
        name,
        image_id,
        "String",
        description=None,
        allowed_pattern=None,
        keyid=None,
        last_modified_date=utcnow(),
        version=1,
        data_type=IMAGE_TYPE,
    )


class PublicParameters(ParameterDict):
    """All parameters of a region; the public ones come when they are first asked for."""

    def __init__(self, account_id: str, region_name: str) -> None:
        super().__init__(account_id, region_name)
        self._has_public = False

    def _check_loading_status(self, key: str) -> None:
        if not str(key or "").startswith(_PUBLIC):
            super()._check_loading_status(key)
        elif not self._has_public:
            self._has_public = True
            for image in catalogue.IMAGES:
                for name in image.ssm_parameters:
                    image_id = image.id_in(self.region_name)
                    self[name].append(image_parameter(self.account_id, name, image_id))


class ParameterStore(SimpleSystemManagerBackend):
    """The parameters of a region, and those that wait for their check."""

    def __init__(self, region_name: str, account_id: str) -> None:
        super().__init__(region_name, account_id)
        self._parameters = PublicParameters(account_id, region_name)
        self._unchecked: list[tuple[Countdown, Parameter]] = []

    def withhold(self, name: str) -> None:
        """Hide the newest version of a parameter until its image is checked."""
        key = self._parameters.normalize_name(name)
        versions = self._parameters[key]
        self._unchecked.append((Countdown(), versions.pop()))
        if not versions:
            del self._parameters[key]

    def check(self) -> None:
        """Show the versions whose image exists, and forget the others."""
        due = [one for one in self._unchecked if one[0].over]
        self._unchecked = [one for one in self._unchecked if one not in due]
        images = ec2_backends[self.account_id][self.region_name].amis
        for _, parameter in due:
            if parameter.value in images:
                self._parameters[parameter.name].append(parameter)


class ParametersResponse(SimpleSystemManagerResponse):
    """PutParameter."""

    def put_parameter(self) -> ActionResult:
        """Write a parameter; one that names an image appears when the image is checked."""
        value = self._get_param("Value")
        names_image = self._get_param("DataType") == IMAGE_TYPE
        if names_image and not _IMAGE_ID.fullmatch(value):
            raise ValidationException(f"Parameter value is not an AMI ID: {value}")
        answer = super().put_parameter()
        if names_image:
            self.ssm_backend.withhold(self._get_param("Name"))  # type: ignore[attr-defined]
        return answer
