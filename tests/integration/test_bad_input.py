"""Every verb against every fault that can meet it: one line that names the thing and the way out, the right exit code, nothing left behind.

The verbs are found in the command line itself, so that a new one is met by all of this from its first day.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import resource
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from mlnb.cli import main as command_line
from mlnb.cli.main import VERBS
from mlnb.core import current

KERNEL = {"name": "python3", "display_name": "Python 3", "language": "python"}


# ---- the verbs, and a call of each that is right ---------------------------------------------------------------------
def leaves() -> dict[str, click.Command]:
    """Every command that does something, by the words that call it."""

    def below(words: str, command: click.Command) -> Iterator[tuple[str, click.Command]]:
        if isinstance(command, click.Group):
            for name, sub in command.commands.items():
                yield from below(f"{words} {name}", sub)
        else:
            yield words, command

    found = {}
    for verb, (module, _, _) in VERBS.items():
        found.update(below(verb, getattr(importlib.import_module(f"mlnb.cli.{module}"), verb)))
    return found


LEAVES = leaves()
USUAL = {
    "check": "{nb}",
    "verify": "{nb}",
    "run": "{nb} -o {out}",
    "snapshot take": "{nb}",
    "snapshot list": "",
    "snapshot show": "snap-none",
    "snapshot name": "snap-none best",
    "snapshot delete": "snap-none --yes",
    "snapshot diff": "snap-none snap-nine",
    "snapshot restore": "snap-none --to {out}",
    "snapshot verify": "",
    "snapshot gc": "",
    "snapshot du": "",
    "snapshot export": "snap-none {out}",
    "snapshot import": "{bundle}",
    "snapshot undo": "{nb}",
    "snapshot redo": "{nb}",
    "snapshot purge": "--name none --yes",
    "snapshot fetch": "",
    "snapshot data": "snap-none",
    "trust list": "",
    "trust export": "{out}",
    "trust add": "{bundle}",
    "trust remove": "none",
    "runs list": "",
    "runs show": "run-none",
    "runs compare": "run-none run-nine",
    "runs flush": "--timeout 0",
    "models list": "",
    "models show": "none",
    "models register": "run-none --name churn",
    "features list": "",
    "features search": "spend",
    "features show": "none",
    "features preview": "none",
    "features apply": "{py}",
    "features materialize": "none",
    "features get": "{csv} -f none:total -o {table}",
    "jobs submit": "{nb}",
    "jobs list": "",
    "jobs show": "job-none",
    "jobs logs": "job-none",
    "jobs cancel": "job-none",
    "jobs retry": "job-none",
    "jobs output": "job-none -o {out}",
    "worker start": "",
    "worker status": "",
    "worker stop": "",
    "worker run": "",
    "worker deliver": "",
    "env capture": "-o {capture}",
    "env diff": "{capture_file} {capture_file}",
    "env status": "{nb}",
    "env lock": "-r {reqs} --bare -o {lock}",
    "env verify": "none",
    "env restore": "none --into {out}",
    "env build": "none",
    "kernel install": "--python {py}",
    "kernel list": "",
    "doctor": "",
    "config show": "",
}
"""Arguments that are well formed; what they name exists where the name is in braces, and does not where it says none."""

EACH = pytest.mark.parametrize("words", LEAVES)


def test_every_verb_is_walked():
    assert set(USUAL) == set(LEAVES)


# ---- calling, and seeing what is left --------------------------------------------------------------------------------
def cell(source: str, *tags: str, cell_id: str = "c") -> dict:
    return {
        "cell_type": "code", "id": cell_id, "source": source, "metadata": {"tags": [*tags]}, "outputs": [], "execution_count": None,
    }  # fmt: skip


def notebook(*cells: dict, kernelspec: dict | None = KERNEL, nbformat: int = 4) -> str:
    metadata = {} if kernelspec is None else {"kernelspec": kernelspec}
    return json.dumps({"cells": [*cells], "metadata": metadata, "nbformat": nbformat, "nbformat_minor": 5})


FEATURES = '''
import mlnb

@mlnb.feature_view(entity="customer_id", timestamp="event_time", source="rows.csv", owner="ana")
def spend(rows):
    """One of each."""
    return rows.assign(one=1)
'''
MADE_WITH_THE_STORE = ("alembic_version", "experiments", "workspaces", "feature_search_", "identity")


class Place:
    """A folder with a notebook and what else verbs take, and mlnb's home beside it."""

    def __init__(self, folder: Path, home: Path) -> None:
        self.folder, self.home = folder, home
        self.write("good.ipynb", notebook(cell("n: int = 1", "parameters"), cell("m = n + 1", cell_id="d")))
        self.write("plain.ipynb", notebook(cell("x = 1")))
        self.write("features.py", FEATURES)
        self.write("rows.csv", "customer_id,event_time\n1,2026-01-01\n")
        self.write("some.zip", "no zip")
        self.write("reqs.txt", "")

    def write(self, name: str, text: str | bytes) -> Path:
        path = self.folder / name
        path.write_bytes(text.encode() if isinstance(text, str) else text)
        return path

    def arguments(self, text: str, **given: str) -> list[str]:
        files = {
            "nb": "good.ipynb", "py": "features.py", "csv": "rows.csv", "bundle": "some.zip", "out": "out.ipynb", "table": "out.csv",
            "capture": "out.json", "capture_file": "env.json", "reqs": "reqs.txt",
            "lock": "out.lock", **given,
        }  # fmt: skip
        return [part.format(**files) for part in text.split()]

    def holds(self) -> dict[str, object]:
        """What counts of all that is on disk: files with their content, tables with rows. Empty databases and locks do not.

        What an environment's id stands for is whole by itself and true whatever comes of the rest, so it may stay.
        """
        found: dict[str, object] = {}
        for file in [*self.folder.rglob("*"), *self.home.rglob("*")]:
            below = file.relative_to(self.folder if self.folder in file.parents else self.home)
            if ".db" in file.suffix or ".db-" in file.name or file.name.endswith(".lock") or not file.is_file():
                continue
            if below.parts[0] not in ("keys", "__pycache__", "environments"):
                found[str(below)] = file.read_bytes()
        for file in self.home.glob("*.db"):
            with contextlib.suppress(sqlite3.DatabaseError), contextlib.closing(sqlite3.connect(file)) as database:
                tables = [row[0] for row in database.execute("select name from sqlite_master where type = 'table'")]
                counts = {name: database.execute(f'select count(*) from "{name}"').fetchone()[0] for name in tables}
                found |= {
                    f"{file.name}:{n}": c for n, c in counts.items() if c and not n.startswith(MADE_WITH_THE_STORE)
                }
        return found


@pytest.fixture
def place(tmp_path, mlnb_home, monkeypatch) -> Place:
    folder = tmp_path / "project"
    folder.mkdir()
    monkeypatch.chdir(folder)
    made = Place(folder, mlnb_home)
    from mlnb.envs.capture import capture, to_json

    made.write("env.json", to_json(capture("fast")))
    return made


@pytest.fixture
def call(capsys):
    """`mlnb` in this process: exit code, stdout, stderr."""

    def call(words: str, arguments: list[str]) -> tuple[int, str, str]:
        current.clear()
        with pytest.raises(SystemExit) as ended:
            command_line.main([*words.split(), *arguments])
        current.clear()
        return int(ended.value.code or 0), *capsys.readouterr()

    return call


@pytest.fixture
def refused(call, place):
    """The call is refused in both forms, as told in SURFACE, and leaves nothing; returns the error."""

    def refused(words: str, arguments: list[str], code: int, *named: str) -> dict:
        before = place.holds()
        text_code, out, err = call(words, arguments)
        assert (text_code, out) == (code, ""), err
        assert len(err.strip().splitlines()) == 1, err
        assert err.startswith("mlnb: ")
        json_code, out, _ = call(words, [*arguments, "--json"])
        assert json_code == code
        answer = json.loads(out)
        assert set(answer) == {"error"}
        error = answer["error"]
        assert set(error) == {"code", "message", "hint"}
        assert error["code"] not in ("error", "internal"), error
        assert error["message"]
        assert error["hint"], f"no way out: {error}"
        assert err.strip().endswith(error["hint"])
        assert [name for name in named if name not in err] == [], err
        assert place.holds() == before
        return error

    return refused


# ---- usage -----------------------------------------------------------------------------------------------------------
@EACH
def test_an_unknown_option_is_named(words, place, refused):
    refused(words, [*place.arguments(USUAL[words]), "--nosuch"], 2, "--nosuch", f"mlnb {words} --help")


@EACH
def test_an_argument_too_many_is_named(words, place, refused):
    refused(words, [*place.arguments(USUAL[words]), "surplus", "surplus"], 2, "surplus")


@pytest.mark.parametrize("words", [w for w, c in LEAVES.items() if any(p.required for p in c.params)])
def test_a_missing_argument_is_named(words, refused):
    refused(words, [], 2, "--help")


@pytest.mark.parametrize("option", ["--gpus", "--host", "--priority", "--queue"])
def test_an_option_that_is_not_built_yet_is_refused(option, place, refused):
    refused("jobs submit", [*place.arguments("{nb}"), option, "1"], 2, option)
    assert option not in LEAVES["jobs submit"].get_help(click.Context(LEAVES["jobs submit"]))


def verbs_with(option: str) -> list[str]:
    return [words for words, command in LEAVES.items() if any(option in p.opts for p in command.params)]


NUMBERS = ["0", "-1", "1001", "many"]
WRONG_OPTIONS = [
    *((words, "--limit", value) for words in verbs_with("--limit") for value in NUMBERS),
    *((words, "--cursor", "nonsense") for words in verbs_with("--cursor")),
    *((words, "--kernel", "nosuch-kernel") for words in verbs_with("--kernel")),
    ("jobs list", "--state", "asleep"), ("runs list", "--order-by", "a'; drop"), ("runs list", "--experiment", "none"),
    ("runs flush", "--timeout", "-1"), ("features show", "--rows", "0"), ("features preview", "--rows", "x"),
    ("env capture", "--level", "deep"), ("env capture", "--python", "nosuch"), ("check", "--format", "xml"),
    ("models register", "--name", ""),
    *(("jobs submit", *pair.split()) for pair in (
        "--executor nosuch", "--cpus 0", "--cpus nan", "--cpus 2", "--memory much", "--memory 1g", "--timeout long", "--retries -1",
        "--label x", "--image x",
    )),
]  # fmt: skip


@pytest.mark.parametrize(("words", "option", "value"), WRONG_OPTIONS)
def test_an_option_with_a_wrong_value_is_refused(words, option, value, place, refused):
    usual = place.arguments(USUAL[words])
    if option in usual:
        usual[usual.index(option) : usual.index(option) + 2] = []
    refused(words, [*usual, option, value], 2)


# ---- what does not exist ---------------------------------------------------------------------------------------------
@pytest.mark.parametrize("words", [words for words, text in USUAL.items() if "none" in text])
def test_what_does_not_exist_is_named(words, place, refused):
    error = refused(words, place.arguments(USUAL[words]), 2, "none")
    assert error["code"].endswith("not_found") or error["code"] in ("bad_input", "no_such_feature"), error


@pytest.mark.parametrize("words", ["snapshot list", "snapshot verify", "snapshot take", "env diff", "features apply"])
def test_a_name_of_nothing_is_named(words, refused):
    refused(words, ["none.ipynb", "none.ipynb"][: 2 if words == "env diff" else 1], 2, "none.ipynb")


# ---- notebooks -------------------------------------------------------------------------------------------------------
TAKE_NOTEBOOKS = ["check", "verify", "run", "snapshot take", "jobs submit"]
RUN_NOTEBOOKS = ["verify", "run", "jobs submit"]
each_that_takes = pytest.mark.parametrize("words", TAKE_NOTEBOOKS)
each_that_runs = pytest.mark.parametrize("words", RUN_NOTEBOOKS)
NO_NOTEBOOKS = {
    "empty": b"",
    "half": b'{"cells": [',
    "a list": b"[]",
    "no cells": b'{"metadata": {}, "nbformat": 4}',
    "cells that are none": b'{"cells": [1, "x"], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}',
    "a number for metadata": b'{"cells": [], "metadata": 3, "nbformat": 4, "nbformat_minor": 5}',
    "format 3": notebook(nbformat=3).encode(),
    "format 9": notebook(nbformat=9).encode(),
    "no text": b"\xff\xfe\x00\x01",
    "nested without end": b'{"cells": ' + b"[" * 100_000,
}


@each_that_takes
def test_a_notebook_that_is_not_there_is_named(words, refused):
    assert refused(words, ["none.ipynb"], 2, "none.ipynb")["code"] == "not_found"


@each_that_takes
def test_a_folder_is_no_notebook(words, place, refused):
    (place.folder / "folder.ipynb").mkdir()
    refused(words, ["folder.ipynb"], 2, "folder.ipynb")


@pytest.mark.parametrize(
    ("words", "what"),
    [(words, what) for words in TAKE_NOTEBOOKS for what in NO_NOTEBOOKS],
)
def test_what_is_no_notebook_is_named(words, what, place, refused):
    place.write("wrong.ipynb", NO_NOTEBOOKS[what])
    refused(words, ["wrong.ipynb"], 2, "wrong.ipynb")


@each_that_runs
def test_a_notebook_without_kernelspec_needs_one(words, place, refused):
    place.write("bare.ipynb", notebook(cell("x = 1"), kernelspec=None))
    assert refused(words, ["bare.ipynb"], 2, "bare.ipynb", "kernel")["code"] == "no_kernelspec"


@each_that_runs
def test_a_kernel_that_is_not_there_is_named(words, place, refused):
    place.write("odd.ipynb", notebook(cell("x = 1"), kernelspec={"name": "nosuch-kernel", "display_name": "x"}))
    refused(words, ["odd.ipynb"], 2, "nosuch-kernel", "kernelspec list")


@each_that_runs
@pytest.mark.parametrize(
    ("name", "pair", "named"),
    [
        ("good.ipynb", "m=1", "'m'"),
        ("plain.ipynb", "n=1", "n"),
        ("good.ipynb", "n=x", "'n'"),
        ("good.ipynb", "n", "'n'"),
        ("good.ipynb", "=1", "'=1'"),
        ("good.ipynb", "n=NaN", "n"),
    ],
)
def test_a_wrong_parameter_is_named(words, name, pair, named, refused):
    refused(words, [name, "-p", pair], 2, named)


# ---- files to write, files to read -----------------------------------------------------------------------------------
WRITE_FILES = ["run", "env capture"]


@pytest.mark.parametrize("words", WRITE_FILES)
def test_a_file_that_cannot_be_written_is_named_before_anything_is_done(words, place, refused):
    names = {"out": "rows.csv/out", "capture": "rows.csv/out"}
    refused(words, place.arguments(USUAL[words], **names), 1, "rows.csv/out")


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("wrong.py", "def ("),
        ("raising.py", "1 / 0"),
        ("leaving.py", "raise SystemExit(3)"),
        ("none.py", "x = 1"),
        ("wrong.ipynb", "{"),
    ],
)
def test_features_that_cannot_be_loaded_are_named(name, text, place, refused):
    place.write(name, text)
    refused("features apply", [name], 2 if name in ("none.py", "wrong.ipynb") else 1, name)


@pytest.mark.parametrize("text", [b"", b"\xff\xfe\x00", b"PK\x03\x04 not really"])
def test_what_is_no_exported_snapshot_is_named(text, place, refused):
    place.write("wrong.zip", text)
    refused("snapshot import", ["wrong.zip"], 2, "wrong.zip")


@pytest.mark.parametrize("text", ["", "{", "[]", '{"format": 99}'])
def test_what_is_no_capture_is_named(text, place, refused):
    place.write("wrong.json", text)
    refused("env diff", ["env.json", "wrong.json"], 2, "wrong.json")


# ---- stores ----------------------------------------------------------------------------------------------------------
NEEDS_DATABASE = [
    "verify",
    "snapshot list",
    "worker deliver",
    *(words for words in LEAVES if words.startswith(("features ", "jobs "))),
]
ASK_AN_UNUSED_STORE = {"runs flush", "runs list", "models list"}
"""Where nothing was ever logged these say so, and write nothing."""
NEEDS_HOME = [
    *NEEDS_DATABASE,
    "run",
    "snapshot take",
    "snapshot gc",
    "worker start",
    "worker run",
    *(words for words in LEAVES if words.startswith(("runs ", "models ")) and words not in ASK_AN_UNUSED_STORE),
]


@pytest.mark.parametrize("words", NEEDS_HOME)
def test_a_home_that_cannot_be_written_is_named(words, place, refused, monkeypatch):
    monkeypatch.setenv("MLNB_HOME", str(place.write("a-file", "x") / "home"))
    refused(words, place.arguments(USUAL[words]), 1, "a-file/home", "MLNB_HOME")


def wrong_database(home: Path, kind: str) -> bytes:
    file = home / "mlnb.db"
    if kind == "newer":
        with contextlib.closing(sqlite3.connect(file)) as database:
            database.execute("pragma journal_mode = wal")
            database.execute("create table alembic_version (version_num varchar(64) primary key)")
            database.execute("insert into alembic_version values ('9999_tomorrow')")
            database.commit()
    else:
        file.write_bytes(b"this is no database, whatever its name says. " * 100)
    return file.read_bytes()


@EACH
@pytest.mark.parametrize("kind", ["newer", "damaged"])
def test_a_database_that_is_not_ours_is_left_alone(words, kind, place, call, refused):
    before = wrong_database(place.home, kind)
    if words in NEEDS_DATABASE:
        assert refused(words, place.arguments(USUAL[words]), 1, "mlnb.db")["code"] == "store_unavailable"
    elif words not in ("worker start", "worker run"):
        _, _, err = call(words, place.arguments(USUAL[words]))
        assert "Traceback" not in err
    assert (place.home / "mlnb.db").read_bytes() == before


@contextlib.contextmanager
def full(limit: int) -> Iterator[None]:
    """No file grows beyond `limit` bytes."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.parametrize("words", ["snapshot take", "jobs submit", "verify", "run", "runs show", "env capture"])
def test_a_full_disk_is_named(words, place, refused):
    with full(100):
        refused(words, place.arguments(USUAL[words]), 1, "MLNB_HOME")


# ---- settings --------------------------------------------------------------------------------------------------------
@EACH
def test_a_setting_that_cannot_be_is_named(words, place, refused, monkeypatch):
    monkeypatch.setenv("MLNB_JOBS_SLOTS", "many")
    refused(words, place.arguments(USUAL[words]), 2, "MLNB_JOBS_SLOTS")


@EACH
def test_a_broken_file_of_settings_is_named(words, place, refused):
    place.write("mlnb.toml", "[jobs\n")
    refused(words, place.arguments(USUAL[words]), 2, "mlnb.toml")


# ---- engines ---------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "address", ["unix:///nowhere/docker.sock", "tcp://127.0.0.1:9", "nonsense", "ssh://nowhere.invalid"]
)
def test_no_docker_engine(address, place, refused, monkeypatch):
    monkeypatch.setenv("DOCKER_HOST", address)
    error = refused("jobs submit", place.arguments("{nb} --executor docker --image x"), 1, address)
    assert error["code"] == "executor_unavailable"


def test_a_docker_job_needs_an_image(place, refused):
    refused("jobs submit", place.arguments("{nb} --executor docker"), 2, "image")


# ---- Ctrl-C ----------------------------------------------------------------------------------------------------------
@EACH
def test_ctrl_c_is_130_wherever_it_comes(words, place, call, monkeypatch):
    def interrupted(*_a, **_k):
        raise KeyboardInterrupt

    monkeypatch.setattr("mlnb.config.Settings.__init__", interrupted)
    code, out, err = call(words, [*place.arguments(USUAL[words]), "--json"])
    assert (code, err.strip()) == (130, "mlnb: cancelled.")
    assert json.loads(out)["error"]["code"] == "cancelled"
