"""moto's models of operations, which several requests at once may make."""

from concurrent.futures import ThreadPoolExecutor
from threading import Event
from typing import Any

import pytest
from moto.core import model as moto_model
from moto.core.model import OperationModel, ServiceModel

from goldenami_sandbox import installation


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
