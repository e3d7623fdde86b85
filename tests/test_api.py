"""What other programs import is typed, lazy, and does what the command line does."""

import inspect
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

import goldenami
from goldenami import audit, load_release, prove
from goldenami.errors import RefusedError, SpecError, UsageError
from goldenami.iam.profiles import profile_named
from goldenami.iam.render import render
from goldenami.iam.values import Values
from goldenami.workflows.enforce.rendering import chain
from goldenami_sandbox.server import Sandbox

ROOT = Path(__file__).parents[1]
RELEASE = """\
schema: goldenami/v1
image: web
regions: [us-east-1]
base: {source: {golden: os}}
audit: {approved: ["ami-0123456789abcdef0"]}
"""


def test_importing_goldenami_imports_nothing_else_of_it() -> None:
    program = (
        "import sys; before = set(sys.modules); import goldenami; goldenami.__version__\n"
        "print(*sorted(set(sys.modules) - before))"
    )
    ran = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert [name for name in ran.stdout.split() if name.startswith("goldenami")] == ["goldenami"]
    assert "msgspec" not in ran.stdout


def test_what_is_promised_is_there_and_nothing_else() -> None:
    promised = {name for name in goldenami.__all__ if name != "__version__"}
    stub = (ROOT / "src/goldenami/__init__.pyi").read_text()
    assert promised == set(re.findall(r"import (.*)", stub)[0].split(", "))
    page = (ROOT / "docs" / "api.md").read_text()
    for name in promised:
        function = getattr(goldenami, name)
        assert inspect.signature(function).return_annotation
        assert f"## `{name}" in page
        for parameter in inspect.signature(function).parameters:
            assert f"`{parameter}`" in page, (name, parameter)
    with pytest.raises(AttributeError, match="has no attribute 'nosuch'"):
        _ = goldenami.nosuch  # type: ignore[attr-defined]


def test_a_release_file_is_loaded_or_refused_with_every_problem(tmp_path: Path) -> None:
    path = tmp_path / "release.yaml"
    path.write_text(RELEASE)
    assert load_release(str(path)).release.image == "web"
    path.write_text(RELEASE.replace("image", "imago").replace("us-east-1", "here"))
    with pytest.raises(SpecError) as caught:
        load_release(path)
    assert [(each.line, each.key) for each in caught.value.problems] == [
        (2, "imago"),
        (3, "regions[0]"),
    ]


def test_a_profile_is_proved_by_itself() -> None:
    proof = prove(profile="guardrail-by-tag")
    assert proof.rows
    assert proof.failed == ()
    with pytest.raises(UsageError, match="no profile `gardrail`"):
        prove(profile="gardrail")


def test_documents_are_proved_from_files_and_as_they_are(tmp_path: Path) -> None:
    account = "111122223333"
    values = Values(account=account, owners=(account,))
    together = chain(profile_named("owner-only"))
    documents = [document for profile in together for document in render(profile, values)]
    texts = [json.loads(each.json()) for each in documents]
    parsed = prove(*texts, profile="owner-only", account=account, owners=[account])
    paths = []
    for number, document in enumerate(texts):
        paths.append(tmp_path / f"{number}.json")
        paths[-1].write_text(json.dumps(document))
    read = prove(*paths, profile="owner-only", account=account, owners=[account])
    assert [row.as_expected for row in read.rows] == [row.as_expected for row in parsed.rows]
    assert parsed.failed == ()
    elsewhere = {"Effect": "Deny", "Action": "s3:*", "Resource": "*"}
    assert prove(
        {"Version": "2012-10-17", "Statement": elsewhere}, profile="owner-only", beside="admin"
    ).failed
    with pytest.raises(SpecError):
        prove({"Version": "2012-10-17", "Statement": [{"Effect": "Perhaps"}]})


def test_an_audit_is_the_command_s(
    sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "release.yaml"
    path.write_text(RELEASE)
    with pytest.raises(RefusedError):  # no instance was seen
        audit(path, endpoint_url=sandbox.endpoint_url)
    ec2 = sandbox.client("ec2", "us-east-1")
    image = ec2.describe_images(Owners=["amazon"])["Images"][0]["ImageId"]
    ec2.run_instances(ImageId=image, MinCount=1, MaxCount=1)
    document = audit(load_release(path), regions=["us-east-1"], endpoint_url=sandbox.endpoint_url)
    assert document.audit.complete
    assert [place.region for place in document.audit.places] == ["us-east-1"]
    assert [finding.rule for finding in document.findings] == ["foreign-owner"]
    assert [*document.findings] == [*document.findings]
