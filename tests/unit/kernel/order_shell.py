"""A bare shell with mlnb in it, and a notebook that is run in it cell by cell."""

from __future__ import annotations

from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config

from mlnb.kernel import extension


def new_shell() -> InteractiveShell:
    config = Config()
    config.HistoryManager.enabled = False
    shell = InteractiveShell(config=config)
    shell.displayhook.write_output_prompt = lambda: None
    shell.showtraceback = lambda *args, **given: None
    shell.showsyntaxerror = lambda *args, **given: None
    return shell


class Session:
    """A document and the shell it runs in; every change is synced, as a front end does."""

    def __init__(self, *sources: str) -> None:
        self.shell = new_shell()
        extension.load(self.shell)
        self.order = self.shell._mlnb_loaded.order
        self.document = [(f"c{i}", source) for i, source in enumerate(sources, 1)]
        self.tags: dict[str, list[str]] = {}
        self.sync()

    def sync(self) -> None:
        self.order.sync([
            {"id": i, "cell_type": "code", "source": s, "tags": self.tags.get(i, [])} for i, s in self.document
        ])  # fmt: skip

    def run(self, *ids: str):
        sources = dict(self.document)
        result = None
        for cell_id in ids or sources:
            result = self.shell.run_cell(sources[cell_id], store_history=True, cell_id=cell_id)
        return result

    def edit(self, cell_id: str, source: str) -> None:
        self.document = [(i, source if i == cell_id else s) for i, s in self.document]
        self.sync()

    def delete(self, cell_id: str) -> None:
        self.document = [(i, s) for i, s in self.document if i != cell_id]
        self.sync()

    def move(self, *ids: str) -> None:
        sources = dict(self.document)
        self.document = [(i, sources[i]) for i in ids]
        self.sync()

    def tag(self, cell_id: str, *tags: str) -> None:
        self.tags[cell_id] = list(tags)
        self.sync()

    def states(self) -> dict[str, str]:
        return {i: status.state for i, status in self.order.status().items()}

    def reasons(self, cell_id: str) -> str:
        return "; ".join(self.order.status()[cell_id].reasons)

    def close(self) -> None:
        extension.unload(self.shell)
