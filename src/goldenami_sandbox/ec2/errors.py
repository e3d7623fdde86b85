"""EC2 errors with the code and message AWS gives, beside those that moto has.

https://docs.aws.amazon.com/ec2/latest/devguide/errors-overview.html
"""

import re
from collections.abc import Sequence

from moto.ec2.exceptions import EC2ClientError

_SET = re.compile(r"\{'[^{}]*'\}|\['[^\[\]]*'\]")


def no_such_image(image_id: str) -> EC2ClientError:
    """An image id that never existed, or whose image one may not see."""
    return EC2ClientError("InvalidAMIID.NotFound", f"The image id '[{image_id}]' does not exist")


def no_such_images(image_ids: Sequence[str]) -> EC2ClientError:
    """Image ids that never existed, or whose images one may not see: all of them are named."""
    if len(image_ids) == 1:
        return no_such_image(image_ids[0])
    named = ", ".join(image_ids)
    return EC2ClientError("InvalidAMIID.NotFound", f"The image ids '[{named}]' do not exist")


def image_unavailable(image_id: str, why: str = "no longer available") -> EC2ClientError:
    """An image that is deregistered, or in a state that allows no launch."""
    return EC2ClientError("InvalidAMIID.Unavailable", f"The image ID '{image_id}' is {why}")


def name_taken(name: str, image_id: str) -> EC2ClientError:
    """An image's name that another image of the account has in the region."""
    return EC2ClientError(
        "InvalidAMIName.Duplicate", f"AMI name {name} is already in use by AMI {image_id}"
    )


def not_owner(image_id: str) -> EC2ClientError:
    """An image of another account."""
    return EC2ClientError("AuthFailure", f"Not authorized for image:{image_id}")


def bad_value(message: str) -> EC2ClientError:
    """A parameter whose value is not allowed."""
    return EC2ClientError("InvalidParameterValue", message)


def bad_combination(message: str) -> EC2ClientError:
    """Parameters that do not go together."""
    return EC2ClientError("InvalidParameterCombination", message)


def bad_mapping(message: str) -> EC2ClientError:
    """A block device that cannot be like that."""
    return EC2ClientError("InvalidBlockDeviceMapping", message)


def missing(parameter: str) -> EC2ClientError:
    """A required parameter that is not given."""
    return EC2ClientError("MissingParameter", f"The request must contain the parameter {parameter}")


def incorrect_state(message: str) -> EC2ClientError:
    """A resource that is not in a state for this call."""
    return EC2ClientError("IncorrectState", message)


def no_such_instance(instance_id: str) -> EC2ClientError:
    """An instance id that does not exist."""
    return EC2ClientError(
        "InvalidInstanceID.NotFound", f"The instance ID '{instance_id}' does not exist"
    )


def no_such_instances(instance_ids: Sequence[str]) -> EC2ClientError:
    """Instance ids that do not exist: all of them are named."""
    if len(instance_ids) == 1:
        return no_such_instance(instance_ids[0])
    named = ", ".join(instance_ids)
    return EC2ClientError("InvalidInstanceID.NotFound", f"The instance IDs '{named}' do not exist")


def no_such_key_pair(name: str) -> EC2ClientError:
    """A key pair that does not exist."""
    return EC2ClientError("InvalidKeyPair.NotFound", f"The key pair '{name}' does not exist")


def no_such_snapshot(snapshot_id: str) -> EC2ClientError:
    """A snapshot id that does not exist."""
    return EC2ClientError(
        "InvalidSnapshot.NotFound", f"The snapshot '{snapshot_id}' does not exist."
    )


def declared_otherwise(message: str = "") -> EC2ClientError:
    """A setting that a declarative policy makes; its own message for people may be added."""
    text = "This functionality has been disabled by a Declarative Policy."
    return EC2ClientError(
        "DeclarativePolicyViolation", f"{text} Custom Message: {message}" if message else text
    )


def default_key_not_shareable() -> EC2ClientError:
    """What is encrypted with the account's default key cannot be shared."""
    return EC2ClientError(
        "InvalidParameter", "Snapshots encrypted with the AWS Managed CMK can't be shared"
    )


def token_of_the_terminated() -> EC2ClientError:
    """A client token whose instance is terminated."""
    return EC2ClientError(
        "IdempotentInstanceTerminated",
        "The request to launch an instance uses the same client token as a previous request for "
        "which the instance has been terminated.",
    )


def token_reused() -> EC2ClientError:
    """A client token that was used with other parameters."""
    return EC2ClientError(
        "IdempotentParameterMismatch",
        "Arguments on this idempotent request are inconsistent with arguments used in previous "
        "request(s).",
    )


def in_words(message: str) -> str:
    """Return a message in AWS's words, where moto prints a set or names another call."""
    if "disableApiStop" in message:
        message = message.replace("may not be terminated", "may not be stopped")
    return _SET.sub(lambda match: ", ".join(sorted(re.findall(r"'([^']*)'", match[0]))), message)
