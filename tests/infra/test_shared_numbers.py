"""What the harness and the cost model take for granted about the deployment, read from the deployment itself."""

from typing import Any

from benchmarks import cost
from chalicelib.limits import MAX_WAIT_SECONDS
from harness.runtime import ALLOW_HEADERS, TIMEOUT_SECONDS

from .conftest import Deployment
from .test_deployment import function_behind_the_url


def test_the_cost_model_assumes_the_memory_and_the_wait_that_are_deployed(deployment: Deployment) -> None:
    function = function_behind_the_url(deployment)

    assert function["MemorySize"] == cost.MEMORY_MB
    assert float(function["Environment"]["Variables"]["MAX_WAIT_SECONDS"]) == MAX_WAIT_SECONDS


def test_the_tests_run_the_function_with_the_time_that_is_deployed(deployment: Deployment) -> None:
    assert function_behind_the_url(deployment)["Timeout"] == TIMEOUT_SECONDS


def test_the_tests_let_a_page_send_the_headers_that_the_deployed_url_allows(deployment: Deployment) -> None:
    functions = deployment.session.client("lambda", endpoint_url=deployment.endpoint)

    url: Any = functions.get_function_url_config(FunctionName=deployment.outputs["function_name"], Qualifier="live")

    assert set(url["Cors"]["AllowHeaders"]) == set(ALLOW_HEADERS)
