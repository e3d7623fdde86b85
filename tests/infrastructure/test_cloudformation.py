"""What is written as CloudFormation: read back as it was, and held to its linter."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from goldenami.errors import SpecError
from goldenami.infrastructure import cloudformation as cfn

from . import tools

TEXTS = st.text(max_size=12).filter(lambda text: cfn.REFERENCE not in text) | st.sampled_from(
    [
        "yes",
        "no",
        "2012-10-17",
        "1e3",
        "~",
        "null",
        "a: b",
        "#x",
        "!Ref x",
        "a\n b\n",
        " \n",
        "${x}",
    ]
)
VALUES = st.recursive(
    st.booleans() | st.integers() | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=8,
)


def template(properties: object, **attributes: object) -> str:
    resource = cfn.SectionEntry("It", {"Type": "AWS::X::Y", **attributes, "Properties": properties})
    return cfn.document(cfn.Stack(description="d", resources=(resource,)))


@given(VALUES)
def test_any_value_is_read_back(value: object) -> None:
    read = tools.loaded(template({"Value": value}))
    assert read["Resources"]["It"]["Properties"]["Value"] == value


@pytest.mark.parametrize(
    ("value", "text", "read"),
    [
        (cfn.Function("Ref", "X"), "!Ref X", {"Ref": "X"}),
        (cfn.SectionEntry("X", {}).attribute("Arn"), "!GetAtt X.Arn", {"Fn::GetAtt": "X.Arn"}),
        (cfn.sub("a-${X}: b"), "!Sub 'a-${X}: b'", {"Fn::Sub": "a-${X}: b"}),
        (cfn.base64("a\nb\n"), "!Base64 |\n", {"Fn::Base64": "a\nb\n"}),
        (
            cfn.base64(cfn.sub("${X}")),
            "Fn::Base64: !Sub ${X}",
            {"Fn::Base64": {"Fn::Sub": "${X}"}},
        ),
        (
            cfn.Function("Join", [",", [cfn.SectionEntry("X", {}).ref, None, "y"]]),
            "!Join\n",
            {"Fn::Join": [",", [{"Ref": "X"}, None, "y"]]},
        ),
    ],
)
def test_functions_have_their_short_form_where_they_can(
    value: object, text: str, read: object
) -> None:
    written = template({"Value": value, "Nothing": None})
    assert f"Value: {text}" in " ".join(written.split("\n        ")) or text in written
    assert tools.loaded(written)["Resources"]["It"]["Properties"] == {"Value": read}


def test_a_template_says_what_it_is_and_passes_the_linter(tmp_path: Path) -> None:
    group = cfn.SectionEntry("Group", {"Type": "String", "Default": "admins"}, "Who is bound.")
    document = {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Deny", "Action": "ec2:*", "Resource": "*"}],
    }
    policy = cfn.resource(
        "Policy",
        "AWS::IAM::ManagedPolicy",
        {"PolicyDocument": document, "Groups": [group.ref], "Description": None},
        comment="One.\nTwo.",
        DeletionPolicy="Retain",
        UpdateReplacePolicy="Retain",
    )
    stack = cfn.Stack(
        description="It's a test: of 金",
        parameters=(group,),
        resources=(policy,),
        outputs=(cfn.SectionEntry("Arn", {"Value": policy.ref}),),
        comments=("First.",),
    )
    text = cfn.document(stack)
    assert text.startswith("# First.\nAWSTemplateFormatVersion: '2010-09-09'\nDescription: ")
    assert (
        "\nResources:\n  # One.\n  # Two.\n  Policy:\n    Type: AWS::IAM::ManagedPolicy\n" in text
    )
    assert tools.loaded(text)["Resources"]["Policy"]["Properties"]["PolicyDocument"] == document
    tools.lint(tmp_path, text)


@pytest.mark.parametrize("place", ["key", "value", "function"])
def test_what_cloudformation_would_replace_is_refused(place: str) -> None:
    text = "a {{resolve:ssm:/x}}"
    value = {"key": {text: "x"}, "value": [text], "function": cfn.base64(text)}[place]
    with pytest.raises(SpecError, match=r"It has `{{resolve:` in a value"):
        template({"Value": value})
