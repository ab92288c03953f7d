"""The command line as a whole: verbs, exit codes, errors in one line and in JSON, and what starting it costs."""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator

import click
import pytest

from mlnb import __version__
from mlnb.cli import main as command_line
from mlnb.cli.main import AREAS, VERBS
from mlnb.cli.output import parameters, table
from mlnb.core.errors import BadInput, Damaged, MlnbError, NotFound, NotTrusted, StoreUnavailable, Unavailable


def run(*arguments: str, **env: str) -> subprocess.CompletedProcess[str]:
    """`mlnb` as a user calls it, in a process of its own."""
    command = [sys.executable, "-c", "from mlnb.cli.main import main; main()", *arguments]
    return subprocess.run(command, capture_output=True, text=True, stdin=subprocess.DEVNULL, env={**os.environ, **env})


@pytest.fixture
def call(capsys):
    """`mlnb` in this process: exit code, stdout, stderr."""

    def call(*arguments: str) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as ended:
            command_line.main(list(arguments))
        out, err = capsys.readouterr()
        return int(ended.value.code or 0), out, err

    return call


# ---- verbs and help --------------------------------------------------------------------------------------------------
def test_help_lists_every_verb_under_its_area(call):
    code, out, _ = call("--help")
    assert code == 0
    for verb, (_, text, area) in VERBS.items():
        assert f"  {verb} " in out
        assert text[:40] in " ".join(out.split())
        assert f"{area}:" in out
    assert [area for area in AREAS if f"{area}:" in out] == [a for a in AREAS if a in {v[2] for v in VERBS.values()}]


def commands() -> Iterator[tuple[str, click.Command]]:
    """Every command there is, with the words that call it."""

    def below(words: str, command: click.Command) -> Iterator[tuple[str, click.Command]]:
        yield words, command
        if isinstance(command, click.Group):
            for name, sub in command.commands.items():
                yield from below(f"{words} {name}", sub)

    for verb, (module, _, _) in VERBS.items():
        with contextlib.suppress(ModuleNotFoundError):  # tests/house says so
            yield from below(verb, getattr(importlib.import_module(f"mlnb.cli.{module}"), verb))


EACH = pytest.mark.parametrize(
    ("words", "command"), list(commands()), ids=lambda value: value if isinstance(value, str) else ""
)


@EACH
def test_every_command_has_help_with_an_example(words, command):
    assert command.help, words
    if not isinstance(command, click.Group):
        assert "Example:" in command.help, f"mlnb {words} --help shows no example"
        assert f"mlnb {words}" in command.help, f"the example of `mlnb {words}` does not call it"


@EACH
def test_every_command_speaks_json(words, command):
    if isinstance(command, click.Group) or words.endswith(("models ui", "worker run", "jobs open")):
        return  # these run until they are ended, or open a browser
    assert any("--json" in option.opts for option in command.params), f"mlnb {words} has no --json"


@EACH
def test_every_option_says_what_it_is_for(words, command):
    for option in command.params:
        if isinstance(option, click.Option):
            assert option.help, f"{option.opts[0]} of `mlnb {words}` has no help"


@EACH
def test_help_of_every_command_can_be_shown(words, command, call):
    code, out, _ = call(*words.split(), "--help")
    assert code == 0
    assert "Usage: mlnb" in out


def test_the_version(call):
    assert call("--version")[1].strip().endswith(__version__)


# ---- errors ----------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("wrong", [["nosuchverb"], ["config", "nosuch"], ["config", "show", "--nosuch"], ["--nosuch"]])
def test_bad_usage_is_exit_code_two_in_one_line(wrong, call):
    code, out, err = call(*wrong)
    assert (code, out) == (2, "")
    assert len(err.strip().splitlines()) == 1
    assert err.startswith("mlnb: ")
    assert "nosuch" in err
    assert "--help" in err


def test_bad_usage_with_json_is_one_object_on_stdout(call):
    code, out, err = call("config", "show", "--nosuch", "--json")
    assert code == 2
    assert set(json.loads(out)["error"]) == {"code", "message", "hint"}
    assert len(err.strip().splitlines()) == 1


ERRORS = [(BadInput, 2), (NotFound, 2), (NotTrusted, 3), (Unavailable, 1), (StoreUnavailable, 1), (Damaged, 1)]


@pytest.mark.parametrize(("kind", "expected"), ERRORS, ids=lambda value: getattr(value, "code", ""))
def test_what_a_service_raises_becomes_a_line_and_an_exit_code(kind: type[MlnbError], expected, call, monkeypatch):
    def failing(*_a, **_k):
        raise kind("the thing is so", "Do this.")

    monkeypatch.setattr("mlnb.cli.config.Settings", failing)
    assert call("config", "show") == (expected, "", "mlnb: the thing is so. Do this.\n")
    code, out, _ = call("config", "show", "--json")
    assert code == expected
    assert json.loads(out) == {"error": {"code": kind.code, "message": "the thing is so", "hint": "Do this."}}


def test_a_verdict_is_the_exit_code(call, monkeypatch):
    @click.command()
    def verdict() -> int:
        return 3

    monkeypatch.setattr("mlnb.cli.config.config", verdict)
    assert call("config")[0] == 3


@pytest.mark.parametrize("raised", [KeyboardInterrupt, click.exceptions.Abort])
def test_ctrl_c_is_130(raised, call, monkeypatch):
    def interrupted(*_a, **_k):
        raise raised

    monkeypatch.setattr("mlnb.cli.config.Settings", interrupted)
    assert call("config", "show")[0] == 130


# ---- settings --------------------------------------------------------------------------------------------------------
def test_config_show_says_where_each_value_is_from(call, monkeypatch, tmp_path):
    (tmp_path / "mlnb.toml").write_text("[jobs]\nslots = 3\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MLNB_JOBS_IMAGE", "mine:1")
    code, out, _ = call("config", "show", "--json")
    assert code == 0
    shown = {s["name"]: (s["value"], s["origin"]) for s in json.loads(out)["settings"]}
    assert shown["jobs.slots"] == (3, str(tmp_path / "mlnb.toml"))
    assert shown["jobs.image"] == ("mine:1", "MLNB_JOBS_IMAGE")
    assert shown["store.synchronous"] == ("normal", "default")


def test_config_show_hides_passwords(call, monkeypatch):
    monkeypatch.setenv("MLNB_STORE_DATABASE_URL", "postgresql://ana:hunter2pass@db/x")
    for words in (["config", "show"], ["config", "show", "--json"]):
        assert "hunter2pass" not in call(*words)[1]


@pytest.mark.parametrize(
    ("toml", "env", "named"),
    [
        ("[jobs\n", {}, "mlnb.toml"),
        ("[jobs]\nslots = 'many'\n", {}, "jobs.slots"),
        ("", {"MLNB_JOBS_SLOTS": "many"}, "MLNB_JOBS_SLOTS"),
        ("", {"MLNB_STORE_SYNCHRONOUS": "sometimes"}, "MLNB_STORE_SYNCHRONOUS"),
    ],
)
def test_a_setting_that_cannot_be_is_named(toml, env, named, call, monkeypatch, tmp_path):
    (tmp_path / "mlnb.toml").write_text(toml)
    monkeypatch.chdir(tmp_path)
    for name, value in env.items():
        monkeypatch.setenv(name, value)
    code, _, err = call("config", "show")
    assert code == 2
    assert named in err


# ---- parameters and tables -------------------------------------------------------------------------------------------
def test_parameters_are_json_where_they_can_be():
    pairs = ["n=3", "x=0.5", "on=true", "off=False", "none=None", "s=abc", 'q="3"', "l=[1, 2]", "e=", "u=a=b"]
    expected = {
        "n": 3,
        "x": 0.5,
        "on": True,
        "off": False,
        "none": None,
        "s": "abc",
        "q": "3",
        "l": [1, 2],
        "e": "",
        "u": "a=b",
    }
    assert parameters(pairs) == expected


@pytest.mark.parametrize("pair", ["n", "=3", "a b=1", "1x=2"])
def test_what_is_no_parameter_is_told(pair):
    with pytest.raises(BadInput, match="is not a parameter"):
        parameters([pair])


def test_an_empty_table_says_the_first_step():
    assert table(("a", "b"), [], "nothing yet: do this") == "nothing yet: do this"
    assert table(("a", "b"), [(1, None), ("long", "x")], "") == "a     b\n1\nlong  x"


# ---- what starting costs: modules counted, not seconds -----------------------------------------------------------------
HEAVY = (
    "pandas", "numpy", "mlflow", "sqlalchemy", "alembic", "papermill", "nbformat", "nbclient", "docker", "dbos", "duckdb", "pyarrow",
    "pydantic", "IPython", "jupyter_server", "jupyter_client", "jupyterlab", "tornado", "fsspec", "sklearn", "traitlets", "ipywidgets",
)  # fmt: skip


def modules_after(code: str) -> set[str]:
    """The modules that `code` adds to those that Python and the environment's .pth files bring."""
    show = "import sys; print('\\n' + '\\n'.join(sorted(sys.modules)))"
    both = [
        subprocess.run(
            [sys.executable, "-c", text], capture_output=True, text=True, check=True, stdin=subprocess.DEVNULL
        ).stdout
        for text in (show, f"{code}\n{show}")
    ]
    bare, after = (set(text.split("\n")) for text in both)
    return after - bare


def test_importing_mlnb_imports_next_to_nothing():
    added = modules_after("import mlnb")
    assert not {name.partition(".")[0] for name in added} & set(HEAVY)
    assert len(added) <= 40, sorted(added)


@pytest.mark.parametrize("arguments", [["--help"], ["--version"]])
def test_help_imports_no_area_and_nothing_heavy(arguments):
    code = f"import sys\nfrom mlnb.cli.main import main\ntry:\n    main({arguments!r})\nexcept SystemExit:\n    pass"
    added = modules_after(code)
    assert not {name.partition(".")[0] for name in added} & set(HEAVY)
    assert not [name for name in added if name.startswith(("mlnb.store", "mlnb.wiring", "mlnb.server", "mlnb.kernel"))]
    assert len(added) <= 160, len(added)


@pytest.mark.parametrize("area", ["order", "snapshots", "models", "features", "jobs", "envs"])
def test_naming_an_area_imports_nothing_heavy(area):
    added = modules_after(f"import mlnb\nmlnb.{area}")
    heavy = {name.partition(".")[0] for name in added} & (set(HEAVY) - {"traitlets", "IPython"})
    assert not heavy


def test_mlnb_is_a_command():
    done = run("--version")
    assert done.returncode == 0
    assert __version__ in done.stdout
