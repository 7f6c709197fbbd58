"""The OpenAPI document holds: generated requests, valid and not, get documented answers, never an error of ours."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import schemathesis
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, Phase, given
from hypothesis import settings as hypothesis_settings
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from connectors.sync import ShopCheck

CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]


@pytest.fixture
def client(open_client: Callable[..., TestClient], monkeypatch: pytest.MonkeyPatch) -> TestClient:
    """The application without a rate worth mentioning; the platform is not asked."""
    found = ShopCheck(shop_name="Acme US", is_well=True, message="mall answers")
    monkeypatch.setattr("orchestration.api.shop_routes.check_shop", lambda *_a, **_k: found)
    return open_client(api_calls_per_minute=100_000)


def generated(operation: Any, mode: GenerationMode) -> list[Any]:
    """A few requests for an operation; none where it cannot be called wrongly."""
    cases: list[Any] = []

    @given(operation.as_strategy(generation_mode=mode))
    @hypothesis_settings(
        max_examples=10, deadline=None, database=None, derandomize=True, phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    def collect(case: Any) -> None:
        cases.append(case)

    try:
        collect()
    except Unsatisfiable:
        assert mode is GenerationMode.NEGATIVE
    return cases


def test_generated_requests_get_only_documented_answers(client: TestClient, headers: dict[str, dict[str, str]]) -> None:
    schema = schemathesis.openapi.from_dict(client.get("/api/openapi.json").json())
    schema.config.update(base_url="http://testserver")
    seen: dict[int, int] = {}
    for found in schema.get_all_operations():
        for mode in GenerationMode:
            for case in generated(found.ok(), mode):
                asked = case.as_transport_kwargs(headers=headers["admin"])
                body = asked.pop("data", None)
                answer = client.request(**asked, **({} if body is None else {"content": body}))
                case.validate_response(schemathesis.Response.from_any(answer), checks=CHECKS)
                seen[answer.status_code] = seen.get(answer.status_code, 0) + 1
    assert sum(seen.values()) > 100
    assert seen.keys() >= {200, 201, 202, 404, 422}
