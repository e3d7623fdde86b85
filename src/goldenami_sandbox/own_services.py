"""The services that moto lacks, each answered by a class of the sandbox's own."""

from collections.abc import Mapping

from flask import Flask
from moto.core.responses import BaseResponse
from moto.core.utils import convert_to_flask_response
from moto.moto_server.werkzeug_app import HTTP_METHODS, BackendRequest, create_backend_app

from goldenami_sandbox.retention_rules_calls import RetentionRulesResponse

RESPONSES: Mapping[str, type[BaseResponse]] = {"rbin": RetentionRulesResponse}
"""What answers a service, by the name that it signs with."""


def application(service: str) -> Flask:
    """Return what answers a service's requests: the sandbox's own class, or moto's.

    Args:
        service: its name, or moto's name of it.
    """
    response = RESPONSES.get(service)
    if response is None:
        return create_backend_app(service)  # type: ignore[arg-type]
    app = Flask(__name__, static_folder=None)
    app.debug = True  # as moto's: what fails is told by the gateway
    app.request_class = BackendRequest
    app.add_url_rule(
        "/<path:path>",
        endpoint=service,
        view_func=convert_to_flask_response(response.dispatch),
        methods=HTTP_METHODS,
    )
    return app
