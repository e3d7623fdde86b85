"""Images that a Systems Manager parameter names: ``resolve:ssm:NAME``, with a version or a label.

moto takes such a name for an id, and launches an instance of it.
https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/using-systems-manager-parameter-to-find-AMI.html
https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/create-launch-template.html#use-an-ssm-parameter-instead-of-an-ami-id
"""

from moto.ec2.exceptions import EC2ClientError
from moto.ssm.exceptions import ParameterVersionNotFound
from moto.ssm.models import Parameter, ssm_backends

from goldenami_sandbox.ec2.ids import AT_LAUNCH

IMAGE_TYPE = "aws:ec2:image"


def resolved(account_id: str, region: str, image_id: str) -> str:
    """Return the id that an alias stands for now; an id stands for itself.

    Raises:
        EC2ClientError: SsmInvalidParameter, for a parameter that does not exist or that is of
            another data type.
    """
    if not image_id.startswith(AT_LAUNCH):
        return image_id
    parameter = named(account_id, region, image_id.removeprefix(AT_LAUNCH))
    if parameter is None:
        raise _invalid(f"The following aliases are invalid: {image_id}")
    _check_type(parameter)
    return str(parameter.value)


def check(account_id: str, region: str, image_id: str) -> None:
    """Refuse an alias for a launch template whose parameter is of another data type.

    Raises:
        EC2ClientError: SsmInvalidParameter.
    """
    if image_id.startswith(AT_LAUNCH):
        parameter = named(account_id, region, image_id.removeprefix(AT_LAUNCH))
        if parameter is not None:
            _check_type(parameter)


def own_parameters(account_id: str, region: str) -> list[Parameter]:
    """Return the newest version of each parameter that the account has made and that tells text."""
    store = ssm_backends[account_id][region]
    store.check()  # type: ignore[attr-defined]  # what was put since its last call
    newest = (
        versions[-1]
        for name, versions in store._parameters.items()  # noqa: SLF001
        if versions and not name.startswith("/aws/")
    )
    return [parameter for parameter in newest if parameter.parameter_type == "String"]


def named(account_id: str, region: str, name: str) -> Parameter | None:
    """Return a parameter by name or ARN, of the version or label after a colon, else the newest."""
    home = f":ssm:{region}:{account_id}:parameter"
    if name.startswith("arn:") and home not in name:
        return None
    store = ssm_backends[account_id][region]
    store.check()  # type: ignore[attr-defined]  # what was put since its last call
    try:
        return store.get_parameter(name)
    except ParameterVersionNotFound:
        return None


def _check_type(parameter: Parameter) -> None:
    if parameter.data_type != IMAGE_TYPE:
        raise _invalid(
            "Unsupported data type. The following parameter data types are supported: " + IMAGE_TYPE
        )


def _invalid(message: str) -> EC2ClientError:
    return EC2ClientError("SsmInvalidParameter", message)
