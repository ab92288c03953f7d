"""Order where the kernel, the front end or the executor of cells is another one."""

from __future__ import annotations

import re
import sys

import pytest
from lab_driver import Screen, running_lab
from playwright.sync_api import expect
from test_accessibility import violations

from tests import built

pytestmark = [pytest.mark.ui, pytest.mark.kernel]

ECHO = '''
from ipykernel.kernelapp import IPKernelApp
from ipykernel.kernelbase import Kernel


class EchoKernel(Kernel):
    """Answers with what it is given; closes no comm that it does not know."""

    implementation, implementation_version, banner = "echo", "1", "echo"
    language_info = {"name": "echo", "mimetype": "text/plain", "file_extension": ".txt"}

    async def do_execute(self, code, silent, store_history=True, user_expressions=None, allow_stdin=False, **_):
        self.send_response(self.iopub_socket, "stream", {"name": "stdout", "text": code})
        return {"status": "ok", "execution_count": self.execution_count, "payload": [], "user_expressions": {}}


IPKernelApp.launch_instance(kernel_class=EchoKernel)
'''


def strip(screen):
    return screen.page.locator(".mlnb-Strip")


def header(screen):
    return screen.page.locator(".mlnb-OrderHeader")


def wait_for_count(screen, index, count):
    screen.page.wait_for_function(
        """([index, count]) =>
            window.jupyterapp.shell.currentWidget.content.widgets[index].model.executionCount === count""",
        arg=[index, count],
    )


def test_with_another_language_linear_works_and_the_rest_says_so(screen):
    screen.lab.add_kernel("echo", "echo", ECHO)
    screen.open(screen.lab.write_notebook("echo.ipynb", "first", "second", "third", kernel="echo"))
    order = screen.section("order")
    expect(order.get_by_text("not for this language (echo)")).to_be_visible()
    expect(screen.page.locator(".mlnb-CellMark")).to_have_count(0)
    expect(order.get_by_role("option", name="Warn of stale inputs")).to_be_disabled()
    screen.run_cell("c3")  # nothing keeps it
    wait_for_count(screen, 2, 1)
    order.get_by_label("What mlnb does about order in this notebook").select_option("linear")
    expect(header(screen)).to_have_text("Top to bottom only")
    screen.press_at("c2", "Control+Enter")
    expect(strip(screen)).to_contain_text("this notebook runs from top to bottom. Cell 1 must run first.")
    screen.page.keyboard.press("Tab")
    screen.page.keyboard.press("Enter")
    wait_for_count(screen, 1, 3)
    screen.execute("notebook:run-all-cells")
    wait_for_count(screen, 2, 6)
    expect(strip(screen)).to_have_count(0)
    screen.page.evaluate("window.jupyterapp.shell.currentWidget.sessionContext.session.kernel.restart()")
    screen.press_at("c2", "Control+Enter")
    expect(strip(screen)).to_contain_text("Cell 1 must run first.")


def test_notebook_7_asks_and_tells_the_same(screen):
    name = screen.lab.write_notebook("seven-order.ipynb", "x = 1", "y = x", "print(y)")
    screen.page.goto(f"{screen.lab.url}notebooks/{name}")
    screen.wait_for_kernel()
    expect(header(screen)).to_have_text("Not run yet")
    warn_and_run_inputs_first(screen)


@pytest.mark.parametrize("theme", ["JupyterLab Light", "JupyterLab Dark"])
def test_axe_finds_nothing_wrong_in_notebook_7(screen, theme):
    screen.lab.set_theme(theme)
    name = screen.lab.write_notebook("seven-axe.ipynb", "import random", "x = 1", "y = x", "z = random.random()")
    screen.page.goto(f"{screen.lab.url}notebooks/{name}")
    screen.wait_for_kernel()
    screen.execute("notebook:run-all-cells")
    expect(header(screen)).to_have_text("Cannot tell of 1 cell")
    screen.execute("mlnb:order-set-mode", {"mode": "warn"})
    screen.set_source("c2", "x = 2")
    expect(header(screen)).to_have_text("2 cells stale, 1 cannot be told")
    screen.execute("mlnb:sidebar-show", {"section": "order"})
    order = screen.page.locator("#mlnb-section-order")
    expect(order.locator("h3 button")).to_be_focused()
    screen.press_at("c3", "Control+Enter")
    expect(strip(screen)).to_be_focused()
    parts = ".mlnb-Strip", ".mlnb-OrderHeader", ".mlnb-CellMark", "#mlnb-section-order"
    assert [found for part in parts for found in violations(screen, part)] == []
    screen.page.keyboard.press("Escape")
    screen.execute("mlnb:order-graph")
    screen.page.locator(".mlnb-Graph").get_by_role("option").first.wait_for()
    assert violations(screen, ".mlnb-Graph") == []


@pytest.mark.versions
@pytest.mark.parametrize(
    "packages",
    [
        ("jupyter-collaboration==5.0.4",),
        ("jupyter-server-nbmodel==0.2.9",),
        ("jupyter-collaboration==5.0.4", "jupyter-server-nbmodel==0.2.9"),
    ],
    ids=["real-time collaboration", "server-side execution", "both"],
)
def test_other_executors_are_asked_before_as_well(browser, tmp_path, packages):
    environment = built.Environment(tmp_path / "venv", sys.executable)
    environment.install(built.wheel(tmp_path / "dist", sys.executable), *packages)
    with running_lab(tmp_path / "lab", environment.python) as lab:
        page = browser.new_page(viewport={"width": 1280, "height": 1000})
        screen = Screen(page, lab)
        requests = []
        page.on("request", lambda request: requests.append(request.url))
        screen.open(lab.write_notebook("other.ipynb", "x = 1", "y = x", "print(y)"))
        screen.wait_until_linked()
        warn_and_run_inputs_first(screen)
        is_server_side = any(package.startswith("jupyter-server-nbmodel") for package in packages)
        assert any("/execute" in url for url in requests) == is_server_side
        page.close()


def warn_and_run_inputs_first(screen):
    screen.execute("notebook:run-all-cells")
    expect(header(screen)).to_have_text("Equals a clean run")
    screen.execute("mlnb:order-set-mode", {"mode": "warn"})
    screen.execute("mlnb:sidebar-show", {"section": "order"})
    mode = screen.page.get_by_label("What mlnb does about order in this notebook")
    expect(mode).to_have_attribute("title", "In force: Warn.")
    screen.set_source("c1", "x = 10")
    screen.run_cell("c1")
    expect(header(screen)).to_have_text("2 cells stale")
    screen.press_at("c3", "Control+Enter")
    expect(strip(screen)).to_contain_text("1 input is stale.")
    strip(screen).get_by_role("button", name=re.compile("^Run .* first$")).click()
    expect(header(screen)).to_have_text("Equals a clean run")
    expect(screen.page.locator(".jp-OutputArea-output")).to_have_text("10")
