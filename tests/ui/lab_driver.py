"""A real JupyterLab with mlnb in a home of its own, and a real browser in front of it."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
import uuid
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, Locator, Page

CHROMIUM = os.environ.get("MLNB_TEST_CHROMIUM", "/usr/bin/chromium")
TIMEOUT_MS = 60_000

# The notebook says idle before its kernel is connected, and would then swallow the first Shift+Enter: ask the kernel.
KERNEL_IS_IDLE = """() => {
    const kernel = window.jupyterapp?.shell?.currentWidget?.sessionContext?.session?.kernel;
    return kernel && kernel.connectionStatus === 'connected' && kernel.status === 'idle';
}"""


class Lab:
    """A running JupyterLab.

    Attributes:
        url: with a slash at the end.
        root: the folder that it shows.
    """

    def __init__(self, url: str, root: Path) -> None:
        self.url = url
        self.root = root

    def request(self, method: str, path: str, body: object = None) -> object:
        """The JSON answer of the server."""
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.url + path, data=data, method=method)
        with urllib.request.urlopen(request, timeout=60) as answer:
            text = answer.read()
        return json.loads(text) if text else None

    def set_theme(self, theme: str) -> None:
        """``JupyterLab Light``, ``JupyterLab Dark`` or ``JupyterLab Dark High Contrast`` for pages opened from now on."""
        self._set("@jupyterlab/apputils-extension:themes", {"theme": theme})

    def quieten(self) -> None:
        """No news, no update checks, no question on closing."""
        self._set(
            "@jupyterlab/apputils-extension:notification",
            {"fetchNews": "false", "checkForUpdates": False, "doNotDisturbMode": False},
        )

    def forget_sections(self) -> None:
        """The sections of the sidebar are open as for a new user."""
        self._set("mlnb:sidebar", {})

    def add_kernel(self, name: str, language: str, program: str) -> None:
        """Offer a kernel of another language: a Python program with ipykernel's ``Kernel`` at hand, told its connection file."""
        folder = self.root.parent / "jupyter" / "data" / "kernels" / name
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "kernel.py").write_text(program)
        argv = [sys.executable, str(folder / "kernel.py"), "-f", "{connection_file}"]
        (folder / "kernel.json").write_text(json.dumps({"argv": argv, "display_name": name, "language": language}))

    def write_notebook(
        self, name: str, *sources: str, parameters: bool = False, kernel: str = "python3", is_kept: bool = True
    ) -> str:
        """Save a notebook of code cells with ids ``c1``, ``c2`` ...; with `parameters` the first is its parameters cell.

        Unless `is_kept`, its states are kept by hand only.
        """
        cells = [
            {
                "id": f"c{number}",
                "cell_type": "code",
                "source": source,
                "metadata": {"tags": ["parameters"]} if parameters and number == 1 else {},
                "execution_count": None,
                "outputs": [],
            }
            for number, source in enumerate(sources, 1)
        ]
        spec = {"name": kernel, "display_name": kernel}
        metadata = {"kernelspec": spec, **({} if is_kept else {"mlnb": {"snapshots": {"auto": "off"}}})}
        document = {"cells": cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}
        (self.root / name).write_text(json.dumps(document))
        return name

    def _set(self, plugin: str, settings: dict[str, object]) -> None:
        self.request("PUT", f"lab/api/settings/{plugin}", {"raw": json.dumps(settings)})


@contextlib.contextmanager
def running_lab(folder: Path, python: str | Path = sys.executable, *arguments: str) -> Iterator[Lab]:
    """A JupyterLab of the environment of `python`, whose state lies below `folder`; it and its kernels end with the block."""
    root = folder / "notebooks"
    root.mkdir(parents=True, exist_ok=True)
    config = folder / "jupyter_config.json"
    config.write_text(json.dumps(_config(root)))
    port = _free_port()
    log = (folder / "lab.log").open("w")
    process = subprocess.Popen(
        [str(python), "-m", "jupyterlab", f"--config={config}", f"--ServerApp.port={port}", *arguments],
        env=_environment(folder, python),
        cwd=root,
        stdout=log,
        stderr=subprocess.STDOUT,
    )
    lab = Lab(f"http://127.0.0.1:{port}/", root)
    try:
        _wait_until_up(lab, process, folder / "lab.log")
        lab.quieten()
        yield lab
    finally:
        _stop(process)
        subprocess.run([str(python), "-m", "mlnb.cli.main", "worker", "stop"], env=_environment(folder, python), check=False,
                       capture_output=True, timeout=60)  # fmt: skip
        log.close()


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(timeout=10)
    except subprocess.TimeoutExpired:  # a request that was under way leaves a thread of anyio's that nobody ends
        process.kill()
        process.wait(timeout=30)


def _config(root: Path) -> dict[str, object]:
    return {
        "ServerApp": {
            "root_dir": str(root),
            "ip": "127.0.0.1",
            "port_retries": 0,
            "open_browser": False,
            "allow_root": True,
            "disable_check_xsrf": True,
        },
        "IdentityProvider": {"token": ""},
        "JupyterNotebookApp": {"expose_app_in_browser": True},
        "LabApp": {"check_for_updates_class": "jupyterlab.NeverCheckForUpdate", "expose_app_in_browser": True},
    }


def _environment(folder: Path, python: str | Path) -> dict[str, str]:
    home = folder / "home"
    home.mkdir(exist_ok=True)
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("MLNB_", "JUPYTER", "IPYTHON", "MLFLOW")) and name != "PYTHONDONTWRITEBYTECODE"
    }
    return {
        **kept,
        "PATH": f"{Path(python).parent}{os.pathsep}{os.environ['PATH']}",
        "HOME": str(home),
        "JUPYTER_CONFIG_DIR": str(folder / "jupyter" / "config"),
        "JUPYTER_DATA_DIR": str(folder / "jupyter" / "data"),
        "JUPYTER_RUNTIME_DIR": str(folder / "jupyter" / "runtime"),
        "JUPYTERLAB_SETTINGS_DIR": str(folder / "jupyter" / "settings"),
        "JUPYTERLAB_WORKSPACES_DIR": str(folder / "jupyter" / "workspaces"),
        "IPYTHONDIR": str(folder / "ipython"),
        "MLNB_HOME": str(folder / "mlnb"),
        "MLNB_KEYS": str(folder / "keys"),
        "MLFLOW_DISABLE_TELEMETRY": "true",
    }


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_until_up(lab: Lab, process: subprocess.Popen[bytes], log: Path) -> None:
    end = time.monotonic() + 120
    while time.monotonic() < end:
        if process.poll() is not None:
            break
        try:
            lab.request("GET", "api/status")
        except (urllib.error.URLError, OSError, http.client.HTTPException):
            time.sleep(0.2)
        else:
            return
    raise RuntimeError(f"JupyterLab did not start:\n{log.read_text()[-4000:]}")


def launch_browser(playwright: object) -> Browser:
    """Debian's Chromium, without a window."""
    return playwright.chromium.launch(  # type: ignore[attr-defined]
        executable_path=CHROMIUM, args=["--no-sandbox", "--disable-dev-shm-usage", "--force-color-profile=srgb"]
    )


class Screen:
    """One page of a lab: what a user sees and does.

    Args:
        page: an empty page.
        lab: whom it looks at.
    """

    def __init__(self, page: Page, lab: Lab) -> None:
        self.page = page
        self.lab = lab
        page.set_default_timeout(TIMEOUT_MS)

    def open(self, notebook: str | None = None) -> None:
        """Open JupyterLab in a fresh workspace, with `notebook` and its kernel up if one is named."""
        tree = f"/tree/{notebook}" if notebook else ""
        self.page.goto(f"{self.lab.url}lab/workspaces/{uuid.uuid4().hex}{tree}?reset")
        self.page.wait_for_selector("#jupyterlab-splash", state="detached")
        if notebook:
            self.wait_for_kernel()

    def wait_for_kernel(self) -> None:
        """Wait until the kernel of the current notebook is connected and idle."""
        self.page.wait_for_function(KERNEL_IS_IDLE)

    def open_sidebar(self) -> Locator:
        """Our sidebar, brought to the front."""
        panel = self.page.locator("#mlnb-sidebar")
        if not panel.is_visible():
            self.page.locator('.jp-SideBar.jp-mod-left [data-id="mlnb-sidebar"]').click()
        panel.wait_for(state="visible")
        return panel

    def section(self, name: str) -> Locator:
        """The content of a section, opened."""
        self.open_sidebar()
        section = self.page.locator(f"#mlnb-section-{name}")
        heading = section.locator("h3 button")
        if heading.get_attribute("aria-expanded") == "false":
            heading.click()
        return section

    def wait_until_linked(self) -> None:
        """Wait until mlnb in the kernel answers."""
        self.open_sidebar()
        self.page.locator('.mlnb-Sidebar-link[data-state="ready"]').wait_for()

    def run_cell(self, cell_id: str) -> None:
        """Run a cell and wait until the kernel is idle again."""
        self.page.evaluate(
            """async id => {
                const app = window.jupyterapp, panel = app.shell.currentWidget;
                const index = panel.content.widgets.findIndex(cell => cell.model.id === id);
                panel.content.deselectAll();
                panel.content.activeCellIndex = index;
                await app.commands.execute('notebook:run-cell');
            }""",
            cell_id,
        )

    def press_at(self, cell_id: str, keys: str) -> None:
        """Choose a cell by its prompt and press a key there."""
        index = self.page.evaluate(
            "id => window.jupyterapp.shell.currentWidget.content.widgets.findIndex(cell => cell.model.id === id)",
            cell_id,
        )
        self.page.locator(".jp-Notebook .jp-Cell").nth(index).locator(".jp-InputPrompt").click()
        self.page.keyboard.press(keys)

    def metadata(self) -> object:
        """What the current notebook holds under our key."""
        return self.page.evaluate(
            "() => window.jupyterapp.shell.currentWidget.context.model.getMetadata('mlnb') ?? null"
        )

    def counts(self) -> list[int | None]:
        """The execution counts of the code cells of the current notebook."""
        counts: list[int | None] = self.page.evaluate(
            """() => window.jupyterapp.shell.currentWidget.content.widgets
                .filter(cell => cell.model.type === 'code').map(cell => cell.model.executionCount)"""
        )
        return counts

    def execute(self, command: str, args: dict[str, object] | None = None) -> None:
        """Run a command of JupyterLab, without waiting for its end."""
        self.page.evaluate(
            "([command, args]) => { void window.jupyterapp.commands.execute(command, args); }", [command, args or {}]
        )

    def set_source(self, cell_id: str, source: str) -> None:
        """Type `source` in place of a cell's text."""
        self.page.evaluate(
            """([id, source]) => {
                const panel = window.jupyterapp.shell.currentWidget;
                panel.content.widgets.find(cell => cell.model.id === id).model.sharedModel.setSource(source);
            }""",
            [cell_id, source],
        )
