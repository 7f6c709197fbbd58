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


def operations(client: TestClient) -> list[Any]:
    """Every operation of the document."""
    schema = schemathesis.openapi.from_dict(client.get("/api/openapi.json").json())
    schema.config.update(base_url="http://testserver")
    return [found.ok() for found in schema.get_all_operations()]


def answered(client: TestClient, case: Any, headers: dict[str, str]) -> int:
    """The status of a generated request, whose answer is as documented."""
    asked = case.as_transport_kwargs(headers=headers)
    body = asked.pop("data", None)
    answer = client.request(**asked, **({} if body is None else {"content": body}))
    case.validate_response(schemathesis.Response.from_any(answer), checks=CHECKS)
    return answer.status_code


def test_generated_requests_get_only_documented_answers(client: TestClient, headers: dict[str, dict[str, str]]) -> None:
    seen: dict[int, int] = {}
    for operation in operations(client):
        for mode in GenerationMode:
            for case in generated(operation, mode):
                status = answered(client, case, headers["admin"])
                seen[status] = seen.get(status, 0) + 1
    assert sum(seen.values()) > 100
    assert seen.keys() >= {200, 201, 202, 404, 422}


def test_generated_requests_without_a_valid_key_are_refused_as_documented(client: TestClient) -> None:
    guarded = [one for one in operations(client) if one.path not in ("/api/webhook/temu", "/health", "/ready")]
    for operation in guarded:
        cases = generated(operation, GenerationMode.POSITIVE)[:3]
        sent = [answered(client, case, {"Authorization": "Bearer omni_00000000_wrong"}) for case in cases]
        assert sent == [401] * len(cases)
        assert cases
    assert len(guarded) >= 14
