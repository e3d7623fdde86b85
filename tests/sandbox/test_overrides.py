import inspect
from collections import Counter

from moto.ec2.responses import EC2Response
from moto.ec2.urls import url_paths

from goldenami_sandbox import installation
from goldenami_sandbox.ec2.base import Ec2Base
from goldenami_sandbox.ec2.response import Ec2Response

MENDS = [
    one
    for one in Ec2Response.__mro__
    if one.__module__.startswith("goldenami_sandbox.") and one not in (Ec2Response, Ec2Base)
]


def own_methods(mend: type) -> list[str]:
    return [name for name, member in vars(mend).items() if inspect.isfunction(member)]


def test_no_two_mends_define_the_same_method() -> None:
    counted = Counter(name for mend in MENDS for name in own_methods(mend))
    assert [name for name, times in counted.items() if times > 1] == []
    assert counted["run_instances"] == 1


def test_a_private_method_of_a_mend_hides_nothing_of_moto() -> None:
    meant = {"_parse_block_device_mapping"}
    private = {name for mend in MENDS for name in own_methods(mend) if name.startswith("_")}
    assert {name for name in private if hasattr(EC2Response, name)} == meant


def test_to_install_twice_changes_nothing() -> None:
    installation.install()
    before = dict(url_paths)
    installation.install()
    assert url_paths == before
