"""Several servers for one model: who is asked, and what happens when one fails."""

from __future__ import annotations

from contextlib import ExitStack

import pytest

from agent_app.errors import KnownError
from agent_app.runtimes.endpoint.addresses import read_addresses
from tests.endpoint.conftest import OpenRuntime, question, run_of, text
from tests.fakes.model_server import ModelServer, model, serve_model

VLLM_LOAD = """# HELP vllm:num_requests_running Number of requests
vllm:num_requests_running{{engine="0",model_name="m"}} {0}.0
vllm:num_requests_waiting{{engine="0",model_name="m"}} 1.0
vllm:num_requests_waiting_by_reason{{engine="0"}} 900.0
"""


@pytest.fixture
def servers():
    with ExitStack() as running:
        yield [running.enter_context(serve_model()) for _ in range(3)]


def asked(servers: list[ModelServer]) -> list[int]:
    return [len(server.asked) for server in servers]


def test_addresses_are_read_as_people_write_them():
    first, second, third = read_addresses(
        " http://gpu1:8000, https://gpu2/v1/ ,http://gpu1:8000/v1, http://[::1]:9/api/v2#small",
        model="big",
    )
    assert (first.url, first.host, first.model) == ("http://gpu1:8000/v1", "gpu1:8000", "big")
    assert (second.url, second.is_encrypted) == ("https://gpu2/v1", True)
    assert (third.url, third.root, third.model) == (
        "http://[::1]:9/api/v2",
        "http://[::1]:9",
        "small",
    )
    assert [one.is_here for one in (first, second, third)] == [False, False, True]


@pytest.mark.parametrize(
    "written",
    [
        "http://",
        "http://:80/v1",
        "http://host:99999",
        "http://a b/v1",
        "http://[::1/v1",
        "http://h?k=v",
    ],
)
def test_what_is_no_address_is_said_so(written: str):
    with pytest.raises(KnownError, match="no address"):
        read_addresses(written, model=None)


def test_a_password_does_not_go_into_an_address():
    with pytest.raises(KnownError) as raised:
        read_addresses("http://me:hunter2@host/v1", model=None)
    assert "hunter2" not in str(raised.value) + raised.value.remedy
    assert "agent-app secret set api-key-host" in raised.value.remedy


def test_a_run_begins_with_the_least_loaded_and_stays_there(
    connect: OpenRuntime, servers: list[ModelServer]
):
    for server, load in zip(servers, (5, 2, 8), strict=True):
        server.metrics = VLLM_LOAD.format(load)
    runtime = connect(*servers)
    assert runtime.info.sends_to == ", ".join(server.host for server in servers)
    text(runtime, question(*run_of("red")))
    servers[0].metrics = VLLM_LOAD.format(0)
    text(runtime, question(*run_of("red", "blue")))
    assert asked(servers) == [0, 2, 0]
    text(runtime, question(*run_of("green")))  # another run
    assert asked(servers) == [1, 2, 0]


@pytest.mark.parametrize("fault", ["cut", "status", "down"])
def test_a_run_goes_on_with_another_server_when_one_fails(
    connect: OpenRuntime, fault: str, caplog: pytest.LogCaptureFixture
):
    with ExitStack() as last, serve_model(metrics=VLLM_LOAD.format(9)) as other:
        first = last.enter_context(serve_model())
        runtime = connect(first, other)
        text(runtime, question(*run_of("red")))
        if fault == "down":
            last.close()
        elif fault == "cut":
            first.usual = lambda chat: (chat.begin(), chat.cut())
        else:
            first.usual = lambda chat: chat.status(404)
        assert text(runtime, question(*run_of("red", "blue"))) == "fine"
        assert text(runtime, question(*run_of("red", "blue", "green"))) == "fine"
        assert len(other.asked) == 2
        assert len(first.asked) == (1 if fault == "down" else 2)  # it rests for a while
    assert "going on with another" in caplog.text


def test_a_server_that_is_down_at_first_is_left_out_and_tried_later(
    connect: OpenRuntime, server: ModelServer
):
    with serve_model(models_status=503) as late:
        late.metrics = server.metrics = VLLM_LOAD.format(1)
        runtime = connect(late, server)
        assert text(runtime, question()) == "fine"
        late.models_status = 200
        for one in runtime._pool.servers:  # the time of rest is over
            one.rests_until = 0.0
        server.metrics = VLLM_LOAD.format(7)
        assert text(runtime, question()) == "fine"
        assert [len(late.asked), len(server.asked)] == [1, 1]


def test_when_all_fail_the_run_ends_with_the_last_fault(
    connect: OpenRuntime, servers: list[ModelServer]
):
    runtime = connect(*servers)
    for server in servers:
        server.usual = lambda chat: chat.status(503, {"error": "loading"})
    with pytest.raises(KnownError, match="loading"):
        text(runtime, question())
    assert sum(asked(servers)) == 3


def test_servers_of_different_models_are_asked_for_their_own(connect: OpenRuntime):
    with serve_model(models=[model("a")]) as first, serve_model(models=[model("b")]) as second:
        first.usual = lambda chat: chat.status(500)
        second.metrics = VLLM_LOAD.format(5)
        text(connect(first, second), question())
        assert (first.asked[0]["model"], second.asked[0]["model"]) == ("a", "b")
