"""The journey: train for ten cells, break something, go back three cells, branch, come back tomorrow to the same values."""

from __future__ import annotations

import json
import re

import pytest
from history_screen import consider, output, run, source, stands_at
from lab_driver import Screen, running_lab
from playwright.sync_api import expect

pytestmark = [pytest.mark.ui, pytest.mark.kernel]

CELLS = (
    "import random\n\nimport numpy",
    "random.seed(7)\nrows = [[random.random() for _ in range(4)] for _ in range(200)]",
    "labels = [sum(row) > 2 for row in rows]",
    "features = numpy.array(rows)\nfirst = features[:, 0]",
    "weights = numpy.zeros(4)\nlosses = []",
    "def step(rate):\n    guess = 1 / (1 + numpy.exp(-(features - 0.5) @ weights))\n"
    "    weights[:] = weights + rate * (numpy.array(labels) - guess) @ (features - 0.5) / len(rows)\n"
    "    losses.append(float(numpy.mean((guess - labels) ** 2)))",
    "for _ in range(50):\n    step(1.0)\nprint(f'after 50: {losses[-1]:.6f}')",
    "for _ in range(50):\n    step(1.0)\nprint(f'after 100: {losses[-1]:.6f}')",
    "best = weights.copy()",
    "print('accuracy', float(numpy.mean(((features - 0.5) @ best > 0) == labels)))",
)
DAMAGE = "features *= 0\nweights[:] = float('nan')\nlosses.clear()\ndel best"
SHOW = "print(len(losses), weights.round(6).tolist(), numpy.shares_memory(first, features), 'best' in globals())"


def test_ten_cells_back_three_branch_and_the_next_day(tmp_path, browser, shot, theme):
    with running_lab(tmp_path / "lab") as lab:
        lab.set_theme(theme)
        name = lab.write_notebook("train.ipynb", *CELLS)
        page = browser.new_page(viewport={"width": 1360, "height": 1000})
        screen = Screen(page, lab)
        screen.open(name)
        screen.wait_until_linked()
        history = screen.section("history")
        expect(history.get_by_text("Run a cell: its state is kept here by itself")).to_be_visible()

        for number in range(1, 11):
            run(screen, history, f"c{number}", f"After cell {number}")
        assert "accuracy" in output(screen, "c10")
        trained = output(screen, "c7")
        shot(page, history, "timeline")

        # something breaks: values are overwritten, and a cell fails
        screen.set_source("c10", DAMAGE)
        run(screen, history, "c10", "After cell 10")
        screen.set_source("c9", "best = weights / len(losses) / 0\nraise ValueError('no losses')")
        run(screen, history, "c9", "Cell 9 failed")

        # three cells back, after a look at what that would do
        plan = consider(history, "After cell 7")
        variables = plan.get_by_role("list", name="What becomes of the variables")
        expect(variables.get_by_role("listitem").filter(has_text="weights")).to_contain_text("ndarray")
        expect(variables.get_by_role("listitem").filter(has_text="rows").get_by_role("img")).to_have_attribute(
            "aria-label", "Still as it was"
        )
        differing = plan.get_by_role("list", name="Cells that differ")
        expect(differing).to_contain_text("cell 9 gets its old text")
        assert source(screen, "c9").startswith("best = weights /")  # nothing has happened yet
        shot(page, history, "preview")
        plan.get_by_role("button", name="Go back", exact=True).click()
        arrival = history.locator(".mlnb-Arrival")
        expect(arrival).to_contain_text("Back at “After cell 7”")
        stands_at(history, "After cell 7")
        assert (output(screen, "c7"), output(screen, "c8"), output(screen, "c10")) == (trained, "", "")
        assert source(screen, "c9") == CELLS[8]
        assert source(screen, "c10") == CELLS[9]
        shot(page, history, "restored")
        arrival.get_by_role("button", name="Dismiss").click()

        # a branch from there, with another rate
        screen.set_source("c8", CELLS[7].replace("1.0", "4.0").replace("after 100", "branch"))
        run(screen, history, "c8", "After cell 8")
        screen.set_source("c9", "best = weights.copy()\n" + SHOW)
        run(screen, history, "c9", "After cell 9")
        seen = output(screen, "c9")
        assert seen.startswith("100 [")
        assert seen.rstrip().endswith("True True")  # what shared memory shares it again
        expect(history.locator(".mlnb-Lane.mlnb-mod-join")).not_to_have_count(0)
        shot(page, history, "branch")
        screen.execute("docmanager:save")
        page.wait_for_function("() => !window.jupyterapp.shell.currentWidget.context.model.dirty")
        page.close()

    # the next day: another server process, another kernel, an empty browser
    with running_lab(tmp_path / "lab") as lab:
        assert lab.request("GET", "api/kernels") == []
        page = browser.new_page(viewport={"width": 1360, "height": 1000})
        screen = Screen(page, lab)
        screen.open(name)
        screen.wait_until_linked()
        history = screen.section("history")
        assert output(screen, "c9") == seen
        notice = history.get_by_text("The kernel is new and holds nothing")
        expect(notice).to_be_visible()
        shot(page, history, "next-day")
        history.get_by_role("button", name="Bring variables back").click()
        expect(history.locator(".mlnb-Arrival")).to_contain_text("variables are as they were")
        stands_at(history, "After cell 9")
        screen.set_source("c10", SHOW)
        run(screen, history, "c10", "After cell 10")
        assert output(screen, "c10") == seen
        # and the branch that was left is still there
        plan = consider(history, re.compile("Cell 9 failed"))
        plan.get_by_role("button", name="Go back", exact=True).click()
        expect(history.locator(".mlnb-Arrival")).to_contain_text("Back at “Cell 9 failed”")
        assert source(screen, "c10") == DAMAGE
        saved = json.loads((lab.root / name).read_text())
        assert [cell["id"] for cell in saved["cells"]] == [f"c{number}" for number in range(1, 11)]
        page.close()


@pytest.fixture
def shot(request):
    """Takes a picture when pictures are asked for (see screenshots_history.py); else nothing."""
    return getattr(request.config, "mlnb_shot", lambda page, history, name: None)


@pytest.fixture
def theme(request):
    """The theme in which pictures are asked for; else the light one."""
    return getattr(request.config, "mlnb_theme", "JupyterLab Light")
