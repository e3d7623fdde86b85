"""The models of services: read as botocore and moto read them, made once for several requests."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event
from typing import Any

import pytest
from botocore.loaders import JSONFileLoader, Loader
from moto.core import loaders
from moto.core import model as moto_model
from moto.core.model import OperationModel, ServiceModel
from moto.core.utils import get_service_model

from goldenami_sandbox import installation, models


def test_a_request_gets_no_model_that_another_is_about_to_replace(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    installation.install()
    model = ServiceModel({"operations": {"ListClusters": {}}}, "eks")
    begun, answered = Event(), Event()

    def operation_model(*arguments: Any) -> OperationModel:
        begun.set()
        answered.wait(0.1)  # the other request is answered in the meantime, or waits
        return OperationModel(*arguments)

    monkeypatch.setattr(moto_model, "OperationModel", operation_model)
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(model.operation_model, "ListClusters")
        assert begun.wait(10)
        second = model.operation_model("ListClusters")
        answered.set()
    assert isinstance(second, OperationModel)
    assert first.result() is second


class OwnFiles(JSONFileLoader):
    """Shares what it reads with nobody: botocore notes in it what it has worked out."""


@pytest.mark.parametrize("data", ["endpoints", "sts/2011-06-15/service-2"])
def test_data_is_read_as_botocore_reads_it(data: str) -> None:
    path = f"{Loader.BUILTIN_DATA_PATH}/{data}"
    files = models.JsonFiles()
    assert files.load_file(path) == OwnFiles().load_file(path)
    assert files.exists(path)


def test_there_is_no_data_where_there_is_no_file(tmp_path: Path) -> None:
    assert models.JsonFiles().load_file(str(tmp_path / "service-2")) is None


def test_a_model_of_motos_has_what_moto_adds_to_it() -> None:
    installation.install()
    of_moto = get_service_model("sqs")
    added = loaders.create_loader().load_service_model("sqs", "service-2")
    assert of_moto.metadata == added["metadata"]
    assert set(of_moto.shape_names) == set(added["shapes"])
