"""Every format says what was not read, and what was found: none of them is green by silence."""

import io
from html import unescape

import pytest

from goldenami.domain.audit.document import Document
from goldenami.report.audit import FORMATS, writer


def written(form: str, document: Document) -> str:
    out = io.StringIO()
    writer(form)(document, out)
    return unescape(out.getvalue())


@pytest.mark.parametrize("form", FORMATS)
def test_names_the_region_that_could_not_be_read(form: str, document: Document) -> None:
    assert "ap-south-1" in written(form, document)
    assert "UnauthorizedOperation" in written(form, document)


@pytest.mark.parametrize("form", FORMATS)
def test_names_every_instance_with_a_finding(form: str, document: Document) -> None:
    assert all(one.subject.id in written(form, document) for one in document.findings)


@pytest.mark.parametrize("form", FORMATS)
def test_no_control_character_gets_out_of_it(form: str, document: Document) -> None:
    assert "\x1b" not in written(form, document)


@pytest.mark.parametrize("form", FORMATS)
def test_a_clean_audit_can_be_written(form: str, clean_document: Document) -> None:
    assert "ap-south-1" not in written(form, clean_document)
