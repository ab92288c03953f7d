"""`mlnb features` through the door of the command line: words, JSON, exit codes."""

import json

import pandas as pd
import pytest

from mlnb.cli import main
from mlnb.core import current


@pytest.fixture
def mlnb(capsys, service):
    """Run the command line here; returns exit code, standard output and standard error."""
    current.fill("features", service)

    def run(*arguments):
        with pytest.raises(SystemExit) as ended:
            main.main(["features", *map(str, arguments)])
        out, err = capsys.readouterr()
        return ended.value.code, out, err

    return run


def test_an_empty_catalogue_says_the_first_step(mlnb):
    assert mlnb("list") == (
        0,
        "no feature views yet: decorate a function with @mlnb.feature_view, then `mlnb features apply FILE`\n",
        "",
    )
    assert json.loads(mlnb("list", "--json")[1]) == {"views": [], "total": 0, "cursor": None}


def test_apply_list_show_search_preview_materialize_and_get(mlnb, project, tmp_path):
    code, out, _ = mlnb("apply", project.folder / "spend.py")
    assert code == 0
    assert "created" in out
    code, out, _ = mlnb("list", "--json")
    (view,) = json.loads(out)["views"]
    assert (view["name"], view["version"], view["entity"]["name"]) == ("spend", 1, "customer_id")
    assert "spend" in mlnb("search", "spent")[1]
    assert mlnb("search", "nothing like it")[1] == "no feature view matches 'nothing like it'\n"
    assert "doubled  float64" in mlnb("show", "spend")[1]
    assert mlnb("preview", "spend", "--rows", "1")[1].startswith("(computed from the first rows of the source)")
    code, out, _ = mlnb("materialize", "spend", "--json")
    assert json.loads(out)["rows"] == 5

    asked = tmp_path / "asked.csv"
    asked.write_text("customer_id,asked_at\n9,2026-01-05\n1,2026-01-05\n")
    code, out, _ = mlnb("get", asked, "-f", "spend:doubled", "--timestamp", "asked_at", "--json")
    answer = json.loads(out)
    assert answer["rows"] == [[9, "2026-01-05", None], [1, "2026-01-05", 20.0]]
    assert answer["features"] == ["spend@1:doubled"]
    for target, read in ((tmp_path / "o.parquet", pd.read_parquet), (tmp_path / "o.csv", pd.read_csv)):
        code, out, _ = mlnb("get", asked, "-f", "spend", "--timestamp", "asked_at", "-o", target)
        assert code == 0
        assert read(target)["amount"].fillna(0).tolist() == [0, 10]
    assert "20.0" in mlnb("get", asked, "-f", "spend", "--timestamp", "asked_at")[1]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("show", "absent"), "there is no feature view 'absent'. See `mlnb features list`."),
        (("apply", "absent.py"), "there is no file"),
        (("get", "absent.csv", "-f", "spend:x"), "there is no file"),
        (("get", "spend.py"), "Missing option '-f'"),
        (("list", "--cursor", "x"), "the cursor is not valid"),
    ],
)
def test_bad_input_is_one_line_and_exit_code_2(mlnb, project, monkeypatch, arguments, words):
    monkeypatch.chdir(project.folder)
    code, out, err = mlnb(*arguments)
    assert (code, out) == (2, "")
    assert words in err
    assert err.count("\n") == 1
    code, out, _ = mlnb(*arguments, "--json")
    assert set(json.loads(out)["error"]) == {"code", "message", "hint"}


def test_another_ending_of_the_output_is_refused(mlnb, project, tmp_path):
    mlnb("apply", project.folder / "spend.py")
    (tmp_path / "asked.csv").write_text("customer_id\n1\n")
    code, _, err = mlnb("get", tmp_path / "asked.csv", "-f", "spend", "-o", tmp_path / "o.xlsx")
    assert code == 2
    assert "o.xlsx ends neither in .parquet nor in .csv" in err
