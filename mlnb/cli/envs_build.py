"""`mlnb env build`: the image of a lock."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from mlnb.cli.output import emit, json_option, service

if TYPE_CHECKING:
    from mlnb.envs.building import ImagesService
    from mlnb.envs.image_types import Image


@click.command()
@click.argument("folder", metavar="LOCK", type=click.Path(path_type=Path))
@click.option(
    "--base-image",
    metavar="IMAGE",
    default="",
    help="What it stands on, such as one with CUDA. Default: python:X.Y-slim.",
)
@click.option("--tag", metavar="NAME", default="", help="Another name for it. Default: mlnb-env: and a digest.")
@click.option(
    "--compile", "is_compiled", is_flag=True, help="Also write bytecode: a larger image whose programs start quicker."
)
@click.option(
    "--devcontainer", is_flag=True, help="Build nothing; write the Dockerfile and a dev container file of it instead."
)
@json_option
def build(folder: Path, base_image: str, tag: str, is_compiled: bool, devcontainer: bool, as_json: bool) -> int:
    """Build the image of a lock, for jobs, unless the Docker engine has it. Ends with 3 when a container of it differs from the lock.

    Example: mlnb env build env.lock --tag churn:1
    """
    images: ImagesService = service("env_locks").images
    if devcontainer:
        files = images.write_files(folder)
        emit(files, as_json, lambda: f"written  {files.dockerfile}\nwritten  {files.devcontainer}")
        return 0
    image = images.build(
        folder, base_image=base_image, tag=tag, is_compiled=is_compiled, on_line=lambda line: click.echo(line, err=True)
    )
    emit(image, as_json, lambda: _in_words(image))
    return 0 if image.verified is None or image.verified.same else 3


def _in_words(image: Image) -> str:
    from mlnb.cli.envs_lock import verified_in_words

    lines = [
        f"image     {image.name} ({image.size_bytes / 1e6:.0f} MB{'' if image.built else ', was there already'})",
        f"base      {image.base}",
    ]
    if image.verified is not None:
        lines += [f"env_id    {image.env_id}", f"verified  {verified_in_words(image.verified)}"]
    return "\n".join(
        [
            *lines,
            *(f"note      {note}" for note in image.notes),
            f"use it    mlnb jobs submit NB --executor docker --image {image.name}",
        ]
    )
