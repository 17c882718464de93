"""A benchmark is asked, kept as it goes, gone on with after a kill, and reported."""

from __future__ import annotations

import base64
import io
import json
import re
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from rich.console import Console

from agent_app import cli
from agent_app.errors import KnownError
from agent_app.evaluate.comparing import compare, flips_line
from agent_app.evaluate.items import Dataset
from agent_app.evaluate.markdown import comparison_markdown, markdown
from agent_app.evaluate.osworld_g import read_osworld_g
from agent_app.evaluate.printing import print_comparison, print_outcome
from agent_app.evaluate.report_files import write_comparison_files, write_files
from agent_app.evaluate.results import (
    Conditions,
    Outcome,
    file_of,
    open_results,
    read_results,
)
from agent_app.evaluate.running import EvalSettings, Evaluation
from agent_app.evaluate.screenspot import read_screenspot_pro, read_screenspot_v2
from agent_app.evaluate.tables import tables
from agent_app.model_runtime import KIMI_VL_LIMITS, Sampling, no_progress
from agent_app.prompting import load_prompt
from tests.chromium import Chromium
from tests.evaluate.folders import SIZE, osworld_g, screenspot_pro, screenspot_v2
from tests.fakes.model_server import model, serve_model
from tests.fakes.runtime import ScriptedRuntime, reply
from tests.fakes.secret_store import store_of

GROUNDING = load_prompt("grounding")
WAY_OFF = reply("pyautogui.click(x=0.99, y=0.99)")


def conditions(dataset: Dataset, **changes: Any) -> Conditions:
    given: dict[str, Any] = {
        "benchmark": dataset.name,
        "title": dataset.title,
        "data": str(dataset.root),
        "items": len(dataset.items),
        "items_sha1": dataset.sha1,
        "missing": dataset.missing,
        "notes": dataset.notes,
        "breakdowns": dataset.breakdowns,
        "published": dataset.published,
        "model": "scripted",
        "detail": "",
        "source": "scripted",
        "prompt_sha1": GROUNDING.sha1,
        "temperature": 0.0,
        "top_p": 1.0,
        "seed": None,
        "max_tokens": 8192,
        "think": True,
        "thinking_budget": None,
    }
    return Conditions(**(given | changes))


def right(target: Any) -> str:
    """A reply that hits a box or a polygon of the made folders, or refuses."""
    match type(target).__name__:
        case "BoxTarget":
            x, y = target.left + target.width / 2, target.top + target.height / 2
        case "PolygonTarget":
            x, y = 40, 30
        case _:
            return reply('computer.terminate(status="failure", answer="not there")')
    return reply(f"pyautogui.click(x={x / SIZE[0]}, y={y / SIZE[1]})")


def evaluated(
    dataset: Dataset,
    folder: Path,
    answer: Callable[[int, Any], str] = lambda _number, target: right(target),
    *,
    samples: int = 1,
    resume: bool = False,
    **changes: Any,
) -> Outcome:
    """The dataset asked of a model that answers so."""
    items = dataset.askable
    replies = [
        answer(number, item.target) for number, item in enumerate(items) for _ in range(samples)
    ]
    runtime = ScriptedRuntime(replies)
    settings = EvalSettings(Sampling(temperature=0.0, seed=3), samples)
    with open_results(folder, conditions(dataset, **changes), resume=resume) as log:
        Evaluation(runtime, GROUNDING, settings, root=dataset.root, stop=threading.Event()).run(
            items, log, no_progress
        )
    return read_results(folder)


def figures(outcome: Outcome) -> dict[str, dict[str, tuple[int, int]]]:
    return {
        table.title: {row.name: (row.correct, row.count) for row in table.rows}
        for table in tables(outcome)
    }


def test_screenspot_v2_is_told_in_six_cells_with_micro_and_macro_average(tmp_path: Path):
    dataset = read_screenspot_v2(
        screenspot_v2(tmp_path / "data", {"desktop": 30, "mobile": 60, "web": 90})
    )
    outcome = evaluated(
        dataset, tmp_path / "out", lambda n, target: right(target) if n < 30 else WAY_OFF
    )
    told = figures(outcome)
    assert told["All"] == {"all": (30, 180)}
    cells = told["Platform and kind of target"]
    assert set(cells) == {
        f"{split} · {kind}" for split in ("desktop", "mobile", "web") for kind in ("text", "icon")
    } | {"mean of the 6"}
    assert cells["desktop · text"] == (20, 20)
    assert cells["web · icon"] == (0, 30)
    (mean,) = (row for row in tables(outcome)[1].rows if row.name == "mean of the 6")
    assert mean.share == pytest.approx(2 / 6)  # two of six cells are all right
    assert told["Source"]["shop"][1] == 9


def test_screenspot_pro_is_told_by_everything_published(tmp_path: Path):
    dataset = read_screenspot_pro(screenspot_pro(tmp_path / "data", files=6, total=60))
    outcome = evaluated(dataset, tmp_path / "out")
    assert {
        "Group and kind of target",
        "Group",
        "Kind of target",
        "Application",
        "Platform",
        "Language",
    } < set(figures(outcome))
    assert figures(outcome)["Group"]["CAD"] == (10, 10)
    assert figures(outcome)["Language"] == {"en": (60, 60)}


def test_osworld_g_is_told_with_and_without_refusals(tmp_path: Path):
    dataset = read_osworld_g(osworld_g(tmp_path / "data", boxes=20, polygons=4, refusals=6))
    outcome = evaluated(
        dataset, tmp_path / "out", lambda n, target: WAY_OFF if n == 29 else right(target)
    )
    told = figures(outcome)
    assert told["All"] == {"all": (29, 30), "all but refusals": (24, 24), "refusals": (5, 6)}
    # an item may be in several categories, so they add up to more than the whole
    categories = told["Category (an item may have several)"]
    assert sum(count for _, count in categories.values()) > 30
    assert told["Kind of element (an item may have several)"]["Icon"][1] == 15


def test_an_answer_in_a_dialect_is_counted_apart_from_the_published_parser(tmp_path: Path):
    dataset = read_screenspot_v2(screenspot_v2(tmp_path / "data", {"web": 20}))
    outcome = evaluated(
        dataset,
        tmp_path / "out",
        lambda n, target: right(target).replace(", y=", ",y=") if n < 5 else right(target),
    )
    assert figures(outcome)["All"] == {
        "all": (20, 20),
        "all, by the published parser alone": (15, 20),
    }


def test_several_samples_are_one_verdict_and_told_by_themselves(tmp_path: Path):
    dataset = read_screenspot_v2(screenspot_v2(tmp_path / "data", {"web": 4}))
    asked: list[str] = []

    def answer(number: int, target: Any) -> str:
        asked.append("")
        is_right = number < 2 or len(asked) % 3 == 0
        return right(target) if is_right else WAY_OFF

    outcome = evaluated(dataset, tmp_path / "out", answer, samples=3, temperature=0.8)
    told = figures(outcome)["All"]
    assert told["all"] == (2, 4)
    assert told["single samples"] == (2 * 3 + 2, 12)
    assert told["any sample of an item"] == (4, 4)
    assert all(len(result.answers) == 3 for result in outcome.results)


def test_the_model_gets_the_picture_once_at_its_own_size_and_seeds_that_count_up(tmp_path: Path):
    dataset = read_screenspot_pro(screenspot_pro(tmp_path / "data", files=1, total=1))
    runtime = ScriptedRuntime([WAY_OFF, WAY_OFF], limits=KIMI_VL_LIMITS)
    with open_results(tmp_path / "out", conditions(dataset), resume=False) as log:
        settings = EvalSettings(Sampling(temperature=0.0, seed=7), 2)
        Evaluation(runtime, GROUNDING, settings, root=dataset.root, stop=threading.Event()).run(
            dataset.items, log, no_progress
        )
    system, user = runtime.requests[0].turns
    assert system.role == "system"
    image, text = user.parts
    assert not isinstance(image, str)
    assert image.image.size == (196, 112)
    assert text == "## Task Instruction:\nuse tool 0"
    assert [request.sampling.seed for request in runtime.requests] == [7, 8]


def test_a_result_is_not_overwritten_and_gone_on_with_only_under_the_same_conditions(
    tmp_path: Path,
):
    dataset = read_screenspot_v2(screenspot_v2(tmp_path / "data", {"web": 6}))
    evaluated(dataset, tmp_path / "out")
    before = file_of(tmp_path / "out", (1, 1)).read_bytes()
    with pytest.raises(KnownError, match="holds a result already") as refused:
        evaluated(dataset, tmp_path / "out")
    assert "--resume" in refused.value.remedy
    with pytest.raises(KnownError, match=r"other conditions \(temperature\)"):
        evaluated(dataset, tmp_path / "out", resume=True, temperature=0.5)
    other = read_screenspot_v2(screenspot_v2(tmp_path / "other", {"web": 7}))
    with pytest.raises(KnownError, match=r"other conditions \(items, items_sha1\)"):
        evaluated(other, tmp_path / "out", resume=True)
    assert evaluated(dataset, tmp_path / "out", resume=True).results
    assert file_of(tmp_path / "out", (1, 1)).read_bytes() == before


def test_a_run_that_is_under_way_is_not_joined(tmp_path: Path):
    dataset = read_screenspot_v2(screenspot_v2(tmp_path / "data", {"web": 2}))
    under = conditions(dataset)
    with (
        open_results(tmp_path / "out", under, resume=False),
        pytest.raises(KnownError, match="being written by another run"),
        open_results(tmp_path / "out", under, resume=True),
    ):
        pass


@pytest.mark.parametrize("cut", [5, 400])
def test_a_line_that_a_kill_cut_off_is_asked_again(tmp_path: Path, cut: int):
    dataset = read_screenspot_v2(screenspot_v2(tmp_path / "data", {"web": 5}))
    whole = evaluated(dataset, tmp_path / "out")
    path = file_of(tmp_path / "out", (1, 1))
    data = path.read_bytes()
    path.write_bytes(data[: -len(data) + 40] if cut == 5 else data[:-cut])
    assert evaluated(dataset, tmp_path / "out", resume=True).results != ()
    again = read_results(tmp_path / "out")
    assert [each.item.id for each in again.results] == [each.item.id for each in whole.results]


def test_a_damaged_line_is_refused_with_its_number(tmp_path: Path):
    dataset = read_screenspot_v2(screenspot_v2(tmp_path / "data", {"web": 3}))
    evaluated(dataset, tmp_path / "out")
    path = file_of(tmp_path / "out", (1, 1))
    lines = path.read_bytes().split(b"\n")
    lines[2] = lines[2][:50]
    path.write_bytes(b"\n".join(lines))
    with pytest.raises(KnownError, match=r"line 3 of .*items\.jsonl is no result"):
        read_results(tmp_path / "out")


def run_eval(*arguments: object) -> int:
    return cli.main(["eval", *map(str, arguments)])


def test_a_killed_run_is_gone_on_with(
    tmp_path: Path, wait_until: Callable[..., None], capsys: pytest.CaptureFixture[str]
):
    data = screenspot_v2(tmp_path / "data", {"web": 60})
    output = tmp_path / "out"
    command = ("screenspot-v2", "--data", data, "--model", "reader", "--output", output)
    process = subprocess.Popen(
        [sys.executable, "-m", "agent_app", "eval", *map(str, command)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    path = file_of(output, (1, 1))
    try:
        wait_until(lambda: path.exists() and path.read_bytes().count(b"\n") > 3, seconds=120)
    finally:
        process.kill()
        process.wait()
    kept = path.read_bytes()
    kept = kept[: kept.rfind(b"\n") + 1]
    assert run_eval(*command, "--resume") == 0
    assert path.read_bytes().startswith(kept)
    ids = [json.loads(line)["item"]["id"] for line in path.read_bytes().splitlines()[1:]]
    assert ids == [f"web-{number:04}" for number in range(1, 61)]
    assert "60 of 60 items" in capsys.readouterr().out


def test_shards_share_a_folder_and_the_report_covers_them_all(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    data = screenspot_v2(tmp_path / "data", {"web": 9, "mobile": 9})
    command = ("screenspot-v2", "--data", data, "--model", "reader", "--output", tmp_path / "out")
    assert run_eval(*command, "--shard", "2/2", "--limit", "8") == 0
    assert "4 of 18 items: a part" in capsys.readouterr().out
    assert run_eval(*command, "--shard", "1/2", "--limit", "8") == 0
    assert "8 of 18 items" in capsys.readouterr().out
    assert run_eval("report", tmp_path / "out") == 0
    assert len(read_results(tmp_path / "out").results) == 8
    assert run_eval(*command, "--shard", "3/2") == 3
    assert "cannot read the shard '3/2'" in capsys.readouterr().err


def test_shards_at_several_servers_of_one_model_share_a_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    for name in ("AGENT_APP_API_KEY", "OPENAI_API_KEY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("agent_app.runtimes.endpoint.open_store", lambda _environment: store_of({}))
    data = screenspot_v2(tmp_path / "data", {"web": 6})
    command = ("screenspot-v2", "--data", data, "--output", tmp_path / "out", "--model")
    hit = reply("pyautogui.click(x=0.3, y=0.35)")
    with (
        serve_model(usual=lambda chat: chat.say(hit)) as first,
        serve_model(usual=lambda chat: chat.say(WAY_OFF)) as second,
        serve_model(models=[model("another")]) as other,
    ):
        assert run_eval(*command, first.url, "--shard", "1/2") == 0
        assert run_eval(*command, second.url, "--shard", "2/2") == 0
        assert "50.0 %" in capsys.readouterr().out
        assert run_eval(*command, first.url, "--shard", "2/2", "--resume") == 0
        assert run_eval(*command, other.url, "--shard", "1/2", "--resume") == 3
        assert "other conditions (model)" in capsys.readouterr().err
        assert [len(server.asked) for server in (first, second, other)] == [3, 3, 0]
        sizes = {
            Image.open(io.BytesIO(base64.b64decode(url.partition(",")[2]))).size
            for body in first.asked
            for url in re.findall(r"data:image/png;base64,[^']+", str(body["messages"]))
        }
    assert sizes == {(196, 112)}  # 200x100 on the grid of 28 pixels
    told = (tmp_path / "out" / "report.md").read_text("utf-8")
    assert first.host in told
    assert second.host in told


def test_items_without_a_picture_are_listed_and_not_counted(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    data = screenspot_v2(tmp_path / "data", {"web": 10})
    (data / "screenspotv2_image" / "web_4.png").unlink()
    output = tmp_path / "out"
    assert run_eval("screenspot-v2", "--data", data, "--model", "reader", "--output", output) == 0
    out = capsys.readouterr().out
    assert "web-0005" in out
    assert "9 of 10 items" in out
    assert "not counted: web-0005" in (output / "report.md").read_text("utf-8").replace("\\", "")
    assert json.loads((output / "summary.json").read_bytes())["tables"][0]["rows"][0]["count"] == 9


def test_a_broken_picture_ends_the_run_with_its_name_and_what_is_done_is_kept(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    data = screenspot_v2(tmp_path / "data", {"web": 6})
    (data / "screenspotv2_image" / "web_3.png").write_bytes(b"\x89PNG\r\n\x1a\nno")
    command = ("screenspot-v2", "--data", data, "--model", "reader", "--output", tmp_path / "out")
    assert run_eval(*command) == 3
    assert "web_3.png" in capsys.readouterr().err
    assert len(read_results(tmp_path / "out").results) == 3
    (data / "screenspotv2_image" / "web_3.png").unlink()  # as the remedy says
    assert run_eval(*command, "--resume") == 0
    assert len(read_results(tmp_path / "out").results) == 5


def flipped(tmp_path: Path) -> tuple[Outcome, Outcome]:
    dataset = read_osworld_g(osworld_g(tmp_path / "data", boxes=16, polygons=2, refusals=2))
    before = evaluated(
        dataset, tmp_path / "a", lambda n, target: WAY_OFF if n < 10 else right(target)
    )
    now = evaluated(
        dataset,
        tmp_path / "b",
        lambda n, target: WAY_OFF if n in (0, 12, 19) else right(target),
        source="better",
    )
    return before, now


def test_two_results_are_compared_item_by_item(tmp_path: Path):
    flips = compare(*flipped(tmp_path))
    assert len(flips.gained) == 9
    assert [now.item.id for _, now in flips.lost] == ["bbox-12", "refusal-19"]
    assert flips.chance == pytest.approx(2 * (1 + 11 + 55) / 2**11)
    assert "9 gained, 2 lost, which may well be chance" in flips_line(flips)
    (row,) = next(table for table in flips.tables() if table.title == "All").rows
    assert (row.count, *row.shares, row.gained, row.lost) == (20, "50.0 %", "85.0 %", 9, 2)
    kinds = {
        row.name: (row.gained, row.lost)
        for table in flips.tables()
        if table.title == "Kind of target"
        for row in table.rows
    }
    assert kinds == {"bbox": (9, 1), "polygon": (0, 0), "refusal": (0, 1)}
    assert "| refusal-19 |" in comparison_markdown(flips)


def test_only_the_same_questions_are_compared(tmp_path: Path):
    one = read_osworld_g(osworld_g(tmp_path / "data", boxes=5, polygons=0, refusals=0))
    other = read_osworld_g(tmp_path / "data", refined=True)
    with pytest.raises(KnownError, match="no item in common"):
        compare(evaluated(one, tmp_path / "a"), evaluated(other, tmp_path / "b"))
    more = read_osworld_g(osworld_g(tmp_path / "more", boxes=7, polygons=0, refusals=0))
    flips = compare(read_results(tmp_path / "a"), evaluated(more, tmp_path / "c"))
    assert len(flips.pairs) == 5
    assert flips.remarks == ("left out: 0 items only before, 2 only now",)


def test_published_figures_are_marked_as_others(tmp_path: Path):
    dataset = read_screenspot_pro(screenspot_pro(tmp_path / "data", files=2, total=8))
    text = markdown(evaluated(dataset, tmp_path / "out")).replace("\\", "")
    section = text.partition("## Published by others, not measured here")[2]
    assert "published: Kimi-VL-A3B-Thinking-2506, all, 1,581 items: 52.8 %" in section
    assert "52.8" not in text.partition("## Published")[0]


def test_the_terminal_shows_what_was_read_as_text_alone(tmp_path: Path):
    before, now = flipped(tmp_path)
    console = Console(width=100, record=True, file=open(tmp_path / "log", "w"))  # noqa: SIM115
    print_outcome(now, console)
    print_comparison(compare(before, now), console)
    told = console.export_text()
    console.file.close()
    assert "all but refusals" in told
    assert "lost  refusal-19  touch refusal 19" in told
    assert "p = " in told


def test_the_page_shows_misses_loads_nothing_and_runs_nothing(tmp_path: Path):
    hostile = "<script>document.title='run'</script><img src=x onerror=alert(1)>"
    dataset = read_osworld_g(osworld_g(tmp_path / "data", boxes=4, polygons=2, refusals=2))
    outcome = evaluated(
        dataset,
        tmp_path / "out",
        lambda n, target: (
            reply("pyautogui.click(x=0.9, y=0.9)", thought=hostile, action=hostile)
            if n in (1, 4, 7)
            else right(target)
        ),
    )
    page = write_files(outcome, tmp_path / "out", no_progress)
    flips = write_comparison_files(
        compare(outcome, evaluated(dataset, tmp_path / "b")), tmp_path / "flips", no_progress
    )
    with Chromium() as browser:
        for path, cards in ((page, 3), (flips, 3)):
            browser.call("Page.navigate", url=path.absolute().as_uri())
            browser.wait("document.readyState === 'complete'")
            assert browser.evaluate("document.querySelectorAll('.card').length") == cards
            assert browser.evaluate("document.querySelectorAll('script, img').length") == 0
            assert browser.evaluate("document.title").endswith("· agent-app")
            assert browser.evaluate("document.querySelectorAll('.card .m-now').length") >= cards
        browser.call("Page.navigate", url=page.absolute().as_uri())
        browser.wait("document.readyState === 'complete'")
        assert browser.evaluate("document.querySelectorAll('.card .picture polygon.box').length")
        assert browser.evaluate("document.querySelectorAll('.card .picture rect.box').length")
        assert hostile in browser.evaluate("document.body.textContent")
        assert all(each.startswith(("file:", "data:")) for each in browser.requests)
        assert browser.complaints == []
