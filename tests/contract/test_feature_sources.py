"""What every source of features must do, shown on the built-in one for each kind of file."""

import os

import pandas as pd
import pytest

from mlnb.core import registry
from mlnb.core.errors import NotFound
from mlnb.features.errors import SourceMissing
from mlnb.features.sources import open_source

FRAME = pd.DataFrame({"k": [1, 2, 3], "name": ["a", "é", None]})


def write_folder(frame, path):
    path.mkdir(exist_ok=True)
    frame.head(2).to_parquet(path / "a.parquet")
    frame.tail(1).to_parquet(path / "b.parquet")


WRITERS = {
    "data.parquet": lambda frame, path: frame.to_parquet(path),
    "data.csv": lambda frame, path: frame.to_csv(path, index=False),
    "data.csv.gz": lambda frame, path: frame.to_csv(path, index=False),
    "data.tsv": lambda frame, path: frame.to_csv(path, index=False, sep="\t"),
    "folder": write_folder,
}


@pytest.fixture(params=WRITERS)
def written(request, tmp_path):
    """Address of a source that holds `FRAME`, its folder, and how to write other data to it."""
    path = tmp_path / request.param
    WRITERS[request.param](FRAME, path)
    return request.param, tmp_path, lambda frame: WRITERS[request.param](frame, path)


def test_it_gives_its_rows_whole_or_the_first_of_them(written):
    address, folder, _ = written
    source = open_source(address, folder)
    assert source.read()["k"].tolist() == [1, 2, 3]
    assert source.read()["name"].fillna("-").tolist() == ["a", "é", "-"]
    assert source.read(limit=2)["k"].tolist() == [1, 2]
    assert open_source(f"file://{folder / address}", folder).read()["k"].tolist() == [1, 2, 3]


def test_its_state_changes_with_its_data_only(written):
    address, folder, write = written
    source = open_source(address, folder)
    before = source.state()
    assert before == source.state() == open_source(address, folder).state()
    write(pd.DataFrame({"k": [1, 2, 3, 4], "name": ["a", "é", "more", "rows"]}))
    target = folder / address
    for file in target.iterdir() if target.is_dir() else [target]:
        os.utime(file, ns=(1, 1))
    assert source.state() != before
    assert source.updated_at().year == 1970


def test_what_is_not_there_or_no_table_is_named(tmp_path):
    source = open_source("gone.parquet", tmp_path)
    for verb in (source.read, source.state, source.updated_at):
        with pytest.raises(SourceMissing, match=r"no file .*gone\.parquet"):
            verb()
    (tmp_path / "text.parquet").write_text("no parquet")
    with pytest.raises(SourceMissing, match=r"text\.parquet cannot be read"):
        open_source("text.parquet", tmp_path).read()
    (tmp_path / "empty.csv").write_text("")
    with pytest.raises(SourceMissing, match=r"empty\.csv cannot be read"):
        open_source("empty.csv", tmp_path).read()


def test_the_scheme_of_an_address_names_the_plug_in(tmp_path):
    assert "file" in registry.names("mlnb.feature_sources")
    with pytest.raises(NotFound, match="no feature source named 'nowhere'"):
        open_source("nowhere://x", tmp_path)
