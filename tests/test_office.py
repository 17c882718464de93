"""The workplace of a window that stays open: kept from run to run, and changed when it is to be."""

from __future__ import annotations

import os
from dataclasses import replace

import pytest

from agent_app.errors import KnownError
from agent_app.geometry import Size
from agent_app.model_runtime import no_progress
from agent_app.office import Office
from agent_app.workplace import WorkplaceOptions

pytestmark = pytest.mark.desktop


def test_a_workplace_is_kept_until_another_desktop_or_another_model_is_chosen() -> None:
    chosen = [WorkplaceOptions(model="reader", virtual=Size(640, 480), take_over=False)]
    with Office(lambda: chosen[0], environment=os.environ) as office:
        assert (office.model, office.region, office.own_display) == (None, None, False)
        first = office.open()
        assert office.load(no_progress).name == "reader"
        chosen[0] = replace(chosen[0], take_over=True)
        session = office.session("a task")
        assert session.workplace is first
        assert session.workplace.options.take_over
        assert office.model is not None  # what else is set does not unload it
        office.distrust_model()
        assert office.model is not None
        office.open()
        assert office.model is None  # it is opened anew before it is used again
        office.load(no_progress)
        office.unload()
        assert office.model is None
        chosen[0] = replace(chosen[0], virtual=Size(800, 600))
        second = office.open()
        assert second is not first
        assert office.region is not None
        assert (office.region.width, office.region.height) == (800, 600)
        chosen[0] = replace(chosen[0], virtual=None)
        office.close()
        with pytest.raises(KnownError):  # there is no display of our own here
            Office(lambda: chosen[0], environment={"DISPLAY": ":54321"}).open()
    assert office.region is None


def test_a_workplace_that_cannot_be_had_is_told_and_tried_again() -> None:
    chosen = [WorkplaceOptions(model="reader", virtual=Size(640, 480), app="no-such-program")]
    with Office(lambda: chosen[0], environment=os.environ) as office:
        with pytest.raises(KnownError, match="no-such-program"):
            office.session("a task")
        chosen[0] = replace(chosen[0], app=None)
        assert office.session("a task").task == "a task"
