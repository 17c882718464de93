"""What Ray is told, and what its faults mean; `bench/suite.py` kills a node of a real cluster."""

from __future__ import annotations

import sys
import types
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from importlib import util
from pathlib import Path
from typing import Any

import pytest

from agent_app.errors import KnownError
from agent_app.suite.attempt import Attempt, Attempted, Job
from agent_app.suite.crews import Board, RayCrew, ray_options
from agent_app.suite.running import run_suite
from agent_app.suite.store import FolderFiles, Head, Store
from agent_app.suite.tasks import Task


class RayError(Exception): ...


class NodeDiedError(RayError): ...


class RayTaskError(RayError): ...


class Handle:
    """What Ray makes of a function, a class or a method: `remote` calls it."""

    def __init__(self, call: Callable[..., Any]) -> None:
        self._call = call

    def options(self, **_: object) -> Handle:
        return self

    def remote(self, *arguments: Any) -> Any:
        return self._call(*arguments)


class StandIn(types.ModuleType):
    """As much of Ray as a crew sees of it; each attempt ends as `script` says next."""

    def __init__(self, *script: Attempted | Exception) -> None:
        super().__init__("ray")
        self.exceptions = types.SimpleNamespace(RayError=RayError, RayTaskError=RayTaskError)
        self.board = Board()
        self.begun: dict[str, object] = {}
        self.options: list[dict[str, Any]] = []
        self.cluster: list[dict[str, Any]] = []
        self._script = iter(script)

    def init(self, **how: object) -> None:
        self.begun = how

    def shutdown(self) -> None:
        self.begun = {}

    def nodes(self) -> list[dict[str, Any]]:
        return self.cluster

    def get(self, value: object) -> object:
        return value

    def get_runtime_context(self) -> Any:
        return types.SimpleNamespace(get_node_id=lambda: "head")

    def remote(self, what: Any) -> Any:
        if what is Board:
            methods = {
                name: Handle(getattr(self.board, name)) for name in ("began", "ended", "all")
            }
            return Handle(lambda: types.SimpleNamespace(**methods))
        return types.SimpleNamespace(options=self._attempt)

    def _attempt(self, **options: Any) -> Handle:
        self.options.append(options)

        def submit(job: Job, _board: object) -> object:
            future: Future[Any] = Future()
            self.board.began(job.task.id, "a node")
            match next(self._script):
                case Exception() as error:
                    future.set_exception(error)
                case Attempted() as attempted:
                    self.board.ended(job.task.id)
                    future.set_result(attempted)
            return types.SimpleNamespace(future=lambda: future)

        return Handle(submit)


PASSED = Attempted(Attempt(number=1, outcome="passed", where="another node"), {})
Install = Callable[..., StandIn]


@pytest.fixture
def install(monkeypatch: pytest.MonkeyPatch) -> Iterator[Install]:
    """Put a stand-in where Ray is imported from."""

    def install(*script: Attempted | Exception) -> StandIn:
        ray = StandIn(*script)
        strategies = types.ModuleType("ray.util.scheduling_strategies")
        strategies.NodeAffinitySchedulingStrategy = dict  # type: ignore[attr-defined]
        monkeypatch.setitem(sys.modules, "ray", ray)
        monkeypatch.setitem(sys.modules, strategies.__name__, strategies)
        ray.__spec__ = util.spec_from_loader("ray", None)
        return ray

    return install


def tried(crew: RayCrew, folder: Path) -> Store:
    files = FolderFiles(folder / "out")
    store = Store(files, Head(tasks=1, tasks_sha1=""), resume=False)
    task = Task(id="a", target="a", resources={"gpu": 1})
    try:
        assert list(run_suite([task], crew, store))
    finally:
        crew.close()
        files.close()
    return store


def test_what_ran_on_a_lost_node_is_told_and_made_again(install: Install, tmp_path: Path):
    ray = install(NodeDiedError("the node is gone"), PASSED)
    crew = RayCrew("10.0.0.1:6379", None, tmp_path, left_out=["/out"])
    assert ray.begun["address"] == "10.0.0.1:6379"
    sent: Any = ray.begun["runtime_env"]
    assert sent["working_dir"] == str(tmp_path)
    assert {".git", "/out"} <= set(sent["excludes"])
    (result,) = tried(crew, tmp_path).results.values()
    told = [(each.outcome, each.where) for each in result.attempts]
    assert told == [("died", "a node"), ("passed", "another node")]
    assert "NodeDiedError" in result.attempts[0].reason
    assert ray.board.all() == {}  # nothing seems to run there still
    # Ray itself makes nothing again: what it did unseen could not be counted
    assert ray.options == [{"max_retries": 0, "num_cpus": 1, "num_gpus": 1}] * 2
    assert not ray.begun


def test_a_fault_of_our_own_on_a_node_is_no_lost_node(install: Install, tmp_path: Path):
    install(RayTaskError("a bug"))
    with pytest.raises(RayTaskError, match="a bug"):
        tried(RayCrew("auto", None, tmp_path), tmp_path)


def test_a_ray_of_our_own_listens_to_this_machine_alone(install: Install):
    ray = install()
    RayCrew("local", 3, None)
    assert ray.begun["runtime_env"] == {}  # instructions need no files
    assert (ray.begun["num_cpus"], ray.begun["_node_ip_address"]) == (3, "127.0.0.1")


@pytest.mark.parametrize(
    "fault", [ConnectionError("nobody listens\n  there. See x"), RayError("nobody listens there")]
)
def test_a_cluster_that_takes_nobody_in_is_one_clear_line(
    install: Install, tmp_path: Path, fault: Exception
):
    def refuse(**_: object) -> None:
        raise fault

    install().init = refuse  # type: ignore[method-assign]
    with pytest.raises(KnownError) as raised:
        RayCrew("10.0.0.1:1", None, tmp_path)
    assert raised.value.message == "cannot use the Ray cluster 10.0.0.1:1: nobody listens there"
    assert "RAY_AUTH_MODE=token" in raised.value.remedy


def test_what_a_task_needs_is_told_to_ray_in_its_own_words():
    assert ray_options({}) == {"num_cpus": 1}
    assert ray_options({"cpu": 0.25, "gpu": 1, "memory": 2, "camera": 1}) == {
        "num_cpus": 0.25,
        "num_gpus": 1,
        "memory": 2 * 2**30,
        "resources": {"camera": 1},
    }


def test_tasks_for_which_no_node_is_large_enough_are_told(install: Install, tmp_path: Path):
    ray = install()
    ray.cluster = [
        {"Alive": True, "Resources": {"CPU": 2.0, "memory": 2.0**32}},
        {"Alive": True, "Resources": {"CPU": 1.0, "GPU": 1.0, "memory": 2.0**30, "camera": 1.0}},
        {"Alive": False, "Resources": {"CPU": 99.0, "GPU": 99.0, "memory": 2.0**40}},
    ]
    needs: dict[str, dict[str, float]] = {
        "plain": {},
        "two processors": {"cpu": 2},
        "a camera": {"camera": 1, "gpu": 1},
        "more": {"cpu": 3},
        "of two nodes": {"gpu": 1, "memory": 4},
        "a printer": {"printer": 1},
    }
    tasks = [Task(id=name, target="a", resources=needed) for name, needed in needs.items()]
    found = RayCrew("auto", None, tmp_path).without_a_node(tasks)
    assert list(found) == ["more", "of two nodes", "a printer"]


def test_without_ray_its_extra_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda _name: None)
    with pytest.raises(KnownError) as raised:
        RayCrew("auto", None, tmp_path)
    assert raised.value.remedy == "pip install 'agent-app[ray]'"
