"""What Allowed AMIs would refuse: the instances whose images it does not allow."""

from goldenami.aws import allowed_images, regions
from goldenami.aws.allowed_images import RefusedInstance
from goldenami.aws.parallel import in_regions
from goldenami.aws.session import Aws
from goldenami.spec import EnforceFile


def would_refuse(aws: Aws, file: EnforceFile) -> list[RefusedInstance]:
    """Return every instance whose image could not be launched again, in every region asked for.

    The regions are those of ``enforce.mechanisms.allowed_amis``, all enabled ones by default.

    Raises:
        IncompleteError: a region could not be read.
    """
    setting = file.enforce.mechanisms.allowed_amis
    listed = setting.regions if setting else "all"
    where = regions.enabled(aws) if listed == "all" else listed
    answers = in_regions(where, lambda region: allowed_images.refused(aws.in_region(region)))
    found = answers.complete("looking for what Allowed AMIs would refuse")
    return [one for several in found.values() for one in several]
