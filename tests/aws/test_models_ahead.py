"""Models that are read while botocore is imported."""

import gzip
import os
import subprocess
import sys
from pathlib import Path

import pytest

from goldenami.aws import models_ahead

PACKED = gzip.compress(b"packed")


def test_a_file_is_read_as_it_is_now(tmp_path: Path) -> None:
    path = tmp_path / "service-2.json.gz"
    path.write_bytes(PACKED)
    assert models_ahead.contents_of(path) == b"packed"
    path.write_bytes(b"broken")
    with pytest.raises(OSError, match="gzip"):
        models_ahead.contents_of(path)
    plain = tmp_path / "service-2.json"
    plain.write_bytes(b"plain")
    assert models_ahead.contents_of(plain) == b"plain"


def test_the_models_that_clients_are_of_are_read_ahead_and_kept_once() -> None:
    """Tried in a Python of its own, in which nothing was begun."""
    script = """
from goldenami.aws import models_ahead
models_ahead.begin()
models_ahead.begin()
ahead = {path.parent.parent.name: path for path in models_ahead._begun}
assert [*ahead] == [*models_ahead.SERVICES]
from goldenami.aws.session import Aws
aws = Aws(region="us-east-1")
for service in ahead:
    aws.client(service)
assert models_ahead._begun == {}
"""
    subprocess.run([sys.executable, "-c", script], check=True)


def test_a_model_of_the_users_own_goes_before_what_was_read_ahead(tmp_path: Path) -> None:
    folder = tmp_path / "sts" / "2099-01-01"
    folder.mkdir(parents=True)
    script = f"""
import json
from pathlib import Path
from botocore.session import Session
model = Session().get_service_data("sts")
model["metadata"]["serviceFullName"] = "the user's own"
Path({str(folder)!r}, "service-2.json").write_text(json.dumps(model))
from goldenami.aws import models_ahead
models_ahead.begin()
from goldenami.aws.session import Aws
client = Aws(region="us-east-1").client("sts")
assert client.meta.service_model.metadata["serviceFullName"] == "the user's own"
"""
    environment = {**os.environ, "AWS_DATA_PATH": str(tmp_path)}
    subprocess.run([sys.executable, "-c", script], check=True, env=environment)


def test_a_model_that_cannot_be_read_is_told_to_who_needs_it(tmp_path: Path) -> None:
    path = tmp_path / "botocore" / "data" / "ec2" / "2016-11-15" / "service-2.json.gz"
    path.parent.mkdir(parents=True)
    path.write_bytes(b"broken")
    (tmp_path / "botocore" / "__init__.py").touch()
    script = f"""
import sys
from pathlib import Path
sys.path.insert(0, {str(tmp_path)!r})
from goldenami.aws import models_ahead
models_ahead.begin()
try:
    models_ahead.contents_of(Path({str(path)!r}))
except OSError as error:
    assert "gzip" in str(error)
else:
    raise AssertionError
"""
    subprocess.run([sys.executable, "-c", script], check=True)
