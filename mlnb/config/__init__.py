"""Every setting, with its help: traitlets at the edge, plain values inside.

A setting is found, strongest first, on the command line or in a Jupyter configuration file (``c.MlnbJobs.image = ...``), in the
environment (``MLNB_JOBS_IMAGE``), in the project's ``mlnb.toml`` (``[jobs]`` / ``image = ...``), or is the default.
"""

from __future__ import annotations

import functools
import os
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from traitlets import Bool, TraitError, TraitType
from traitlets.config import Config

from mlnb.config.sections import SECTIONS, MlnbOrder, Section
from mlnb.core.errors import BadInput
from mlnb.core.home import home, project_of
from mlnb.core.secrets import is_secret_name, mask

_FOR_KERNELS = (
    "order.mode",
    "order.floor",
    "snapshots.auto",
    "snapshots.cap_notebook_bytes",
    "snapshots.cap_total_bytes",
    "snapshots.min_free_percent",
    "snapshots.keep_files_bytes",
    "models.tracking_uri",
    "models.experiment",
)


@dataclass(frozen=True)
class Setting:
    """A setting as it applies now.

    Attributes:
        name: ``section.name``.
        value: its value (masked when its name says it is a credential).
        origin: ``default``, the environment variable, the ``mlnb.toml`` or ``jupyter`` it came from.
        help: one line.
    """

    name: str
    value: str | int | float | bool
    origin: str
    help: str


class Settings:
    """All settings as they apply to one project in this process.

    Args:
        config: Jupyter's configuration (files and command line), when there is a Jupyter application.
        folder: where to look for ``mlnb.toml`` from; the current folder when None.

    Raises:
        BadInput: an environment variable or ``mlnb.toml`` has a value of the wrong kind, or ``mlnb.toml`` is not TOML.
    """

    def __init__(self, config: Config | None = None, folder: Path | None = None) -> None:
        self._origins: dict[str, str] = {}
        self._sections = {section.section: section(config=config or Config()) for section in SECTIONS}
        toml_path = project_of(folder or Path.cwd()) / "mlnb.toml"
        toml = _read_toml(toml_path)
        for name, section in self._sections.items():
            given = (
                set(config[type(section).__name__])
                if config is not None and type(section).__name__ in config
                else set()
            )
            for trait_name, trait in _traits(section).items():
                self._settle(section, trait_name, trait, toml.get(name, {}), toml_path, trait_name in given)
        self._hold_floors(toml, toml_path)

    def _hold_floors(self, toml: dict[str, Any], toml_path: Path) -> None:
        """What a team demands holds against milder settings of the user's environment and configuration.

        Raises:
            BadInput: the team's setting has a value of the wrong kind, which would else be no demand at all.
        """
        modes: list[Any] = list(MlnbOrder.floor.values or [])
        demands: tuple[tuple[str, str, list[Any]], ...] = (
            ("order", "floor", modes),
            ("jobs", "require_certificate", [False, True]),
            ("envs", "strict_drift", [False, True]),
        )
        for section_name, name, ladder in demands:
            given = toml.get(section_name, {})
            if name not in given:
                continue
            section, key = self._sections[section_name], f"{section_name}.{name}"
            value = given[name]
            if not any(value is step or (isinstance(value, str) and value == step) for step in ladder):
                words = ", ".join(str(step).lower() for step in ladder)
                raise BadInput(f"the setting {key} in {toml_path} is not valid: {value!r}", f"Choose one of {words}.")
            if ladder.index(value) > ladder.index(getattr(section, name)):
                setattr(section, name, value)
                self._origins[key] = str(toml_path)

    def _settle(
        self,
        section: Section,
        name: str,
        trait: TraitType[Any, Any],
        toml: dict[str, Any],
        toml_path: Path,
        is_given: bool,
    ) -> None:
        key = f"{section.section}.{name}"
        variable = f"MLNB_{section.section}_{name}".upper()
        self._origins[key] = "jupyter" if is_given else "default"
        if is_given:
            return
        try:
            if variable in os.environ:
                setattr(section, name, _from_text(trait, os.environ[variable]))
                self._origins[key] = variable
            elif name in toml:
                setattr(section, name, toml[name])
                self._origins[key] = str(toml_path)
        except (TraitError, ValueError) as error:
            where = variable if variable in os.environ else f"{key} in {toml_path}"
            raise BadInput(f"the setting {where} is not valid: {mask(str(error))}", f"{trait.help}") from error

    def get(self, key: str) -> Any:  # noqa: ANN401 - the trait knows the type
        """The value of the setting ``section.name``."""
        section, name = key.split(".", 1)
        return getattr(self._sections[section], name)

    def is_given(self, key: str) -> bool:
        """Whether anybody set the setting ``section.name``, be it to its default."""
        return self._origins[key] != "default"

    def database_url(self) -> str:
        """SQLAlchemy URL of mlnb's database."""
        return self.get("store.database_url") or f"sqlite:///{home() / 'mlnb.db'}"

    def jobs_database_url(self) -> str:
        """SQLAlchemy URL of the job engine's database."""
        return self.get("jobs.database_url") or f"sqlite:///{home() / 'jobs.db'}"

    def blobs_url(self) -> str:
        """fsspec URL or path of the blob store."""
        return self.get("store.blobs_url") or str(home() / "blobs")

    def tracking_uri(self) -> str:
        """MLflow tracking URI of the model store."""
        return self.get("models.tracking_uri") or f"sqlite:///{home() / 'mlflow.db'}"

    def for_kernels(self) -> dict[str, str]:
        """The environment variables that tell kernels started from here what was set in a file or on the command line.

        A kernel reads settings from its environment only; what is default or already in the environment is not repeated.
        """
        found = {}
        for key in _FOR_KERNELS:
            if self._origins[key] != "default" and not self._origins[key].startswith("MLNB_"):
                found[f"MLNB_{key}".replace(".", "_").upper()] = str(self.get(key))
        if not self.get("kernel.enabled"):
            found["MLNB_KERNEL"] = "0"
        return found

    def all(self) -> list[Setting]:
        """Every setting with its value and where it came from."""
        found = []
        for name, section in self._sections.items():
            for trait_name, trait in _traits(section).items():
                value = getattr(section, trait_name)
                if isinstance(value, str):
                    value = "••••••" if value and is_secret_name(trait_name) else mask(value)
                found.append(
                    Setting(f"{name}.{trait_name}", value, self._origins[f"{name}.{trait_name}"], trait.help or "")
                )
        return found


def _traits(section: Section) -> dict[str, TraitType[Any, Any]]:
    return dict(sorted(section.traits(config=True).items()))


def _from_text(trait: TraitType[Any, Any], text: str) -> Any:  # noqa: ANN401
    if isinstance(trait, Bool) and text.lower() in ("0", "false", "no", "off", "1", "true", "yes", "on"):
        return text.lower() in ("1", "true", "yes", "on")
    return trait.from_string(text)


@functools.lru_cache(maxsize=16)
def _parse_toml(path: Path, _changed_ns: int) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text())
    except tomllib.TOMLDecodeError as error:
        raise BadInput(f"{path} is not valid TOML: {error}", "Mend the line it names.") from error


def _read_toml(path: Path) -> dict[str, Any]:
    try:
        return _parse_toml(path, path.stat().st_mtime_ns)
    except FileNotFoundError:
        return {}
