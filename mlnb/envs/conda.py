"""A conda environment as the ``environment.yml`` that conda makes it again from."""

from __future__ import annotations

import re
from urllib.parse import urlparse

from mlnb.envs.capture import Distribution, Environment
from mlnb.envs.errors import NotConda

_PLAIN = re.compile(r"[A-Za-z0-9_./@:+=!~-]+")


def environment_yml(environment: Environment, name: str = "") -> str:
    """The text of ``environment.yml``: each package with version and build, those of pip with their versions.

    Args:
        environment: captured from a conda environment.
        name: for the environment to be made; empty: conda asks for one (``conda env create -n NAME``).

    Raises:
        NotConda: it is none, or one of its packages could not be read; the message names it.
    """
    if environment.unreadable:
        raise NotConda(
            f"the conda environment cannot be read whole: {environment.unreadable[0]}",
            "Install that package again (conda install --force-reinstall NAME), or make the file readable for you.",
        )
    if not environment.conda:
        raise NotConda(
            f"{environment.executable} is not in a conda environment", "Pin it with uv instead: mlnb env lock."
        )
    lines = [f"name: {_word(name)}"] if name else []
    channels = list(dict.fromkeys(_channel(one.channel) for one in environment.conda if one.channel))
    lines += ["channels:", *(f"  - {_word(one)}" for one in channels or ["defaults"])]
    lines += ["dependencies:"]
    lines += [f"  - {_word('='.join(filter(None, (p.name, p.version, p.build))))}" for p in environment.conda]
    known = {one.name for one in environment.conda}
    of_pip = [
        one
        for one in environment.distributions
        if one.origin.kind != "conda" and one.name not in known and one.role != "installer"
    ]
    if of_pip:
        if "pip" not in known:
            lines += ["  - pip"]
        lines += ["  - pip:", *(f"    - {_word(_requirement(one))}" for one in of_pip)]
    return "\n".join([*lines, ""])


def _channel(url: str) -> str:
    """The short name of a channel of anaconda.org; others by their URL."""
    parts = urlparse(url)
    path = parts.path.strip("/")
    if parts.hostname == "conda.anaconda.org" and path:
        return path
    return "defaults" if parts.hostname == "repo.anaconda.com" else url


def _requirement(one: Distribution) -> str:
    if one.origin.kind == "vcs" and one.origin.commit:
        return f"{one.name} @ git+{one.origin.url}@{one.origin.commit}"
    return f"{one.name}=={one.version}"


def _word(text: str) -> str:
    return text if _PLAIN.fullmatch(text) and not text.endswith(":") else "'" + text.replace("'", "''") + "'"
