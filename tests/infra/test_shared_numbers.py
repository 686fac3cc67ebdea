"""Values of the deployment that the test harness and the cost model repeat, compared with the deployment itself."""

from typing import Any

from benchmarks import cost
from chalicelib.limits import MAX_WAIT_SECONDS
from harness.runtime import ALLOW_HEADERS, TIMEOUT_SECONDS

from .conftest import Deployment
from .test_deployment import function_behind_the_url


def test_the_cost_model_assumes_the_deployed_memory_and_longest_wait(deployment: Deployment) -> None:
    function = function_behind_the_url(deployment)

    assert function["MemorySize"] == cost.MEMORY_MB
    assert float(function["Environment"]["Variables"]["MAX_WAIT_SECONDS"]) == MAX_WAIT_SECONDS


def test_the_harness_runs_the_function_with_the_deployed_timeout(deployment: Deployment) -> None:
    assert function_behind_the_url(deployment)["Timeout"] == TIMEOUT_SECONDS


def test_the_harness_allows_the_same_headers_as_the_deployed_url(deployment: Deployment) -> None:
    functions = deployment.session.client("lambda", endpoint_url=deployment.endpoint)

    url: Any = functions.get_function_url_config(FunctionName=deployment.outputs["function_name"], Qualifier="live")

    assert set(url["Cors"]["AllowHeaders"]) == set(ALLOW_HEADERS)
