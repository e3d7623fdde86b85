"""What is written as Terraform: laid out as `terraform fmt` has it, and read back as it was."""

import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from goldenami.infrastructure import hcl, terraform

from . import terraform_checks, tools

HOSTILE = (
    "${aws:username}", "$${x}", "$$${x}", "%{if true}", "%%{x}", "%%%{x}", "$%{x}", "%${x}", "${",
    "}", 'a"b', "a\\", "\\n", "\\u0024{", "JSON", "\n  JSON\n", "{{ x }}", "<b>&amp;", "金", "$",
    "\t", "\r\n", "\x00", "\x7f", "\x85", "\u2028", "\ufeffx", "\U0001f469\u200d\U0001f680", "",
    "\n\u0301", "\n\U0001f3fb", "\u1112\u1161", "\U0001f1e9\U0001f1ea",
    "e\u0301", "# no comment", "/* x */", "*/", "'", "a\nb",
)  # fmt: skip
SCRIPTS = (
    "#!/bin/sh\necho ${x} %{y} $${z}\n", "  all\n    are indented\n", "no end", "\n\n",
    "a\n\n  \nb\n",
    "EOT\nEOT_1\n", "  EOT\nx\n", "a\tb\n\tc\n", "a\r\nb\r\n", "x\n \u0301y\n", "x\n\u0301y\n",
    "x\n  # é 金\n", "x\\ny\n", "\n#!/bin/sh\n", "x\n\u00a0y\n", "x\n\u3000\u3000z\n", "",
)  # fmt: skip
TEXTS = st.text(st.characters(exclude_categories=["M", "Cs"]), max_size=4)
VALUES = st.recursive(
    st.booleans() | st.integers(-9, 9) | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=8,
)


def normal(value: object) -> object:
    """Return a value as Terraform keeps it, whose texts are in Unicode's form C."""
    match value:
        case str():
            return unicodedata.normalize("NFC", value)
        case dict():
            return {normal(key): normal(each) for key, each in value.items()}
        case list():
            return [normal(each) for each in value]
    return value


@tools.TERRAFORM
def test_terraform_itself_reads_hostile_texts_back(tmp_path: Path) -> None:
    written = [hcl.expression(text, "  ") for text in HOSTILE]
    assert tools.evaluated_texts(tmp_path, written) == [normal(text) for text in HOSTILE]


@tools.TERRAFORM
def test_terraform_itself_reads_scripts_back(tmp_path: Path) -> None:
    written = [hcl.expression(hcl.Text(text), "  ") for text in SCRIPTS]
    assert written[0].startswith("<<-EOT\n    #!/bin/sh\n")
    assert tools.evaluated_texts(tmp_path, written) == [normal(text) for text in SCRIPTS]


@tools.TERRAFORM
def test_any_value_is_read_back_and_laid_out_as_terraform_does(tmp_path: Path) -> None:
    values: list[object] = [{"for": 1, "true": None, "a-b": [{}], "${x}": ["%{y}"]}]

    @given(VALUES)
    def collect(value: object) -> None:
        values.append(value)

    collect()
    expected = [normal(value) for value in values]
    written = [hcl.expression(value, "  ") for value in values]
    assert tools.evaluated(tmp_path, written) == expected
    blocks = [terraform.Block("locals", (), {f"v{n}": it}) for n, it in enumerate(values)]
    (tmp_path / "main.tf").unlink()
    tools.check_format(tmp_path, terraform.document(blocks))


def test_a_document_is_laid_out_as_terraform_does(tmp_path: Path) -> None:
    nested = terraform.Block("ebs_block_device", (), {"volume_size": 1, "encrypted": True})
    script = hcl.Text("#!/bin/sh\n  echo ${x}\n")
    policy = {"Statement": [{"Sid": "A", "Action": ["a", "b"], "Condition": {"E": {"x/y": "z"}}}]}
    base = terraform.resource(
        "aws_instance",
        "base",
        {
            "ami": "ami-0123456789abcdef0",
            "instance_type": None,
            "user_data": script,
            "policy": hcl.jsonencode(policy),
            "subnets": ["subnet-0123456789abcdef0"] * 5,
            "tags": {"Name": 'a "b" ${c}', "金 key": "x", "e\u0301": "y"},
        },
        nested,
        terraform.Block("empty"),
        comment="The base instance\n\nof two lines",
    )
    output = terraform.Block("output", ("id",), {"value": base.attribute("id")})
    code = terraform.document([base, output], ["Of goldenami.", "Second"])
    assert code.startswith(
        "# Of goldenami.\n#\n# Second\n\n# The base instance\n#\n# of two lines\n"
    )
    assert "instance_type" not in code
    assert "  value = aws_instance.base.id\n" in code
    parsed = terraform_checks.parsed(code)
    assert [*parsed["resource"][0]] == ['"aws_instance"']
    tools.check_format(tmp_path, code)


@pytest.mark.parametrize(
    ("block", "expected"),
    [
        (terraform.data("aws_ami", "source", {}), "data.aws_ami.source.id"),
        (terraform.resource("aws_ami_copy", "eu", {}), "aws_ami_copy.eu.id"),
        (terraform.Block("variable", ("image",)), "var.image.id"),
    ],
)
def test_an_attribute_is_named_as_terraform_does(block: terraform.Block, expected: str) -> None:
    assert block.attribute("id").text == expected


def test_what_no_expression_is_for_is_refused() -> None:
    with pytest.raises(TypeError, match="HCL has no object"):
        hcl.expression({"a": object()})
