"""The order of a notebook as an ipywidget, for clients without mlnb's own screen. The one file that imports ipywidgets."""

from __future__ import annotations

import weakref
from html import escape
from typing import TYPE_CHECKING, Any

from mlnb.core.errors import NotInstalled
from mlnb.kernel.log import logged
from mlnb.kernel.order_words import header_in_words, mode_in_words, order_in_words, plan_in_words, rows

if TYPE_CHECKING:
    from mlnb.kernel.order import KernelOrder

_CELL = "text-align: left; padding: 2px 12px 2px 0; vertical-align: top"


def order_view(order: KernelOrder) -> Any:  # noqa: ANN401 - ipywidgets is untyped
    """A widget with states, reasons and plan that follows every run; where widgets are not shown, it shows as it was when made.

    Raises:
        NotInstalled: there is no ipywidgets in this environment.
    """
    try:
        import ipywidgets  # noqa: PLC0415 - the user's; only for those who ask for a widget
    except ImportError as error:
        raise NotInstalled(
            "the view is a widget, and this environment has no ipywidgets",
            "Install it (pip install ipywidgets), or use %mlnb order, which shows the same as text.",
        ) from error

    class OrderView(ipywidgets.HTML):  # type: ignore[misc] # ipywidgets is untyped
        """The widget; `refresh` brings it up to date."""

        def refresh(self) -> None:
            """Show how things stand now."""
            self.value = order_in_html(order)

        def _repr_mimebundle_(self, **given: Any) -> Any:  # noqa: ANN401 - ipywidgets is untyped
            found = super()._repr_mimebundle_(**given)
            bundle = found[0] if isinstance(found, tuple) else found
            if isinstance(bundle, dict):
                bundle |= {"text/html": self.value, "text/plain": order.in_words()}
            return found

    view = OrderView()
    view.refresh()
    _follow(order, view)
    return view


def _follow(order: KernelOrder, view: Any) -> None:  # noqa: ANN401 - ipywidgets is untyped
    """Refresh `view` after every run, for as long as it is open and somebody holds it."""
    held = weakref.ref(view)

    def again() -> None:
        live = held()
        if live is None or live.comm is None:
            order.listeners.remove(again)
            return
        with logged("order: the view"):
            live.refresh()

    order.listeners.append(again)


def order_in_html(order: KernelOrder) -> str:
    """States with reasons and the plan as a table, without scripts and in the client's own colours."""
    status, numbers = order.overview(), order.document.numbers()
    if status.off_reason or status.mode == "off" or not status.cells:
        return f"<p>{escape(order_in_words(status, order.planned(), numbers))}</p>"
    titles = order.document.titles()
    head = "".join(f'<th scope="col" style="{_CELL}">{text}</th>' for text in ("Cell", "Code", "State", "Why"))
    body = "".join(
        f'<tr><td style="{_CELL}">{numbers[cell_id]}</td><td style="{_CELL}"><code>{escape(titles[cell_id][:60])}</code></td>'
        f'<td style="{_CELL}">{escape(state)}</td><td style="{_CELL}">{escape(reasons)}</td></tr>'
        for cell_id, state, reasons in rows(status)
    )
    table = f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>" if body else ""
    plan = "".join(f"<p>{escape(line[:1].upper() + line[1:])}.</p>" for line in plan_in_words(order.planned(), numbers))
    return (
        f"<p>{escape(header_in_words(status.summary).capitalize())} · {escape(mode_in_words(status))}</p>{table}{plan}"
    )
