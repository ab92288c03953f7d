"""Which mode is in force in a kernel, and who said so: the team's floor, the notebook, the user's setting, or a fault of ours."""

from __future__ import annotations

import os
from pathlib import Path

from mlnb.core.errors import BadInput
from mlnb.core.home import project_of
from mlnb.core.secrets import mask
from mlnb.kernel.log import logged
from mlnb.order.errors import NoSuchMode
from mlnb.order.rules import modes
from mlnb.order.types import MODES, Mode

_LONGEST = 200


class Ladder:
    """The modes of one kernel.

    Args:
        setting: the user's setting.
        floor: the team's floor, or None.
    """

    def __init__(self, setting: Mode = "mark", floor: Mode | None = None) -> None:
        self.setting: Mode = setting
        self.floor: Mode | None = None if floor == "off" else floor
        self.chosen: Mode | None = None
        self.off_reason = ""
        self._told: Mode | None = None

    @property
    def mode(self) -> Mode:
        """The mode in force."""
        return "off" if self.off_reason else modes.in_force(self.floor, self.chosen, self.setting)

    def choose(self, mode: str | None) -> None:
        """A person's choice; None goes back to the setting. Ends what a fault did.

        Raises:
            NoSuchMode: `mode` is no mode.
            BadInput: it is below the team's floor.
        """
        wanted = None if mode is None else mode_from_text(mode)
        if wanted is not None and modes.is_below(wanted, self.floor):
            raise BadInput(
                f"the mode {wanted!r} is below this project's floor, {self.floor!r}",
                f"Choose {self.floor} or a stricter mode, or change `floor` under [order] in the project's mlnb.toml.",
            )
        self.chosen, self.off_reason = wanted, ""

    def hear(self, mode: str | None) -> None:
        """What the notebook says it chose. Only news counts: what a person set here meanwhile stays otherwise.

        Raises:
            NoSuchMode: `mode` is no mode.
        """
        told = None if mode is None else mode_from_text(mode)
        if told != self._told:
            self._told = self.chosen = told

    def fail(self, doing: str, error: BaseException) -> None:
        """Switch off for a fault of ours; the first reason stays."""
        if not self.off_reason:
            text = mask(f"mlnb failed {doing}: {type(error).__name__}: {_words_of(error)}")[:_LONGEST]
            self.off_reason = f"{text}. Order is off in this kernel; logs/kernel.log under MLNB_HOME has the details"


def mode_from_text(text: object) -> Mode:
    """The mode called `text`.

    Raises:
        NoSuchMode: there is none.
    """
    for mode in MODES:
        if mode == text:
            return mode
    raise NoSuchMode(f"there is no mode {text!r}", f"Choose one of {', '.join(MODES)}.")


def ladder_from_surroundings(notebook: Path | None) -> Ladder:
    """The ladder of a new kernel: settings from its environment, else from the ``mlnb.toml`` of the notebook's project.

    A floor in ``mlnb.toml`` holds in kernels that no server of ours started, too, and the environment cannot lower it. What
    cannot be read is logged and does not count.
    """
    team: dict[str, object] = {}
    with logged("order: mlnb.toml"):
        team = _section(project_of(notebook or Path.cwd()) / "mlnb.toml")
    setting = _mode(os.environ.get("MLNB_ORDER_MODE")) or _mode(team.get("mode")) or "mark"
    floor: Mode | None = None
    for text in (os.environ.get("MLNB_ORDER_FLOOR"), team.get("floor")):
        given = _mode(text)
        if given is not None and (floor is None or modes.RANK[given] > modes.RANK[floor]):
            floor = given
    return Ladder(setting, floor)


def _section(path: Path) -> dict[str, object]:
    if not path.is_file():
        return {}
    import tomllib  # noqa: PLC0415 - only where there is a file to read

    found = tomllib.loads(path.read_text(encoding="utf-8")).get("order")
    return found if isinstance(found, dict) else {}


def _mode(text: object) -> Mode | None:
    return next((mode for mode in MODES if mode == text), None)


def _words_of(error: BaseException) -> str:
    try:
        return str(error)
    except Exception:  # noqa: BLE001 - nothing of ours may reach the user's cell
        return ""
