"""Every format says what was not read: none of them is green by silence."""

import io

import pytest

from goldenami.domain.audit import Audit
from goldenami.report.audit import WRITERS


@pytest.mark.parametrize("form", WRITERS)
def test_names_the_region_that_could_not_be_read(form: str, document: Audit) -> None:
    out = io.StringIO()
    WRITERS[form](document, out)
    assert "ap-south-1" in out.getvalue()


@pytest.mark.parametrize("form", WRITERS)
def test_names_every_instance_with_a_finding(form: str, document: Audit) -> None:
    out = io.StringIO()
    WRITERS[form](document, out)
    assert all(one.instance.id in out.getvalue() for one in document.findings)
