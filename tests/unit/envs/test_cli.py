"""`mlnb env` through the door of the command line: words, JSON, exit codes."""

import json

import pytest

from mlnb.cli import main


@pytest.fixture
def mlnb(capsys):
    def run(*arguments):
        with pytest.raises(SystemExit) as ended:
            main.main(["env", *map(str, arguments)])
        out, err = capsys.readouterr()
        return ended.value.code, out, err

    return run


def test_a_capture_is_written_and_compares_as_the_same(mlnb, tmp_path):
    code, out, _ = mlnb("capture", "-o", tmp_path / "env.json")
    assert code == 0
    assert "env_id" in out
    code, out, _ = mlnb("diff", tmp_path / "env.json", ".", "--json")
    assert (code, json.loads(out)["same"]) == (0, True)
    assert mlnb("diff", tmp_path / "env.json", ".")[1] == "the same environment\n"
    assert json.loads(mlnb("capture", "--json")[1]).keys() == json.loads((tmp_path / "env.json").read_text()).keys()


def test_a_difference_ends_with_3_and_says_why_it_matters(mlnb, tmp_path):
    mlnb("capture", "-o", tmp_path / "env.json")
    captured = json.loads((tmp_path / "env.json").read_text())
    pandas = next(one for one in captured["distributions"] if one["name"] == "pandas")
    pandas["version"] = "1.5.3"
    captured["env_id"] = captured["env_request_id"] = "other"
    (tmp_path / "older.json").write_text(json.dumps(captured))
    code, out, _ = mlnb("diff", tmp_path / "older.json", ".")
    assert code == 3
    assert out.startswith("1 package changed\n")
    assert "pandas" in out
    code, out, _ = mlnb("diff", tmp_path / "older.json", ".", "--json")
    drift = json.loads(out)
    assert (code, drift["same"], drift["same_request"]) == (3, False, False)
    assert [(one["name"], one["before"]) for one in drift["differences"]] == [("pandas", "1.5.3")]


def test_bad_input_is_one_line_and_exit_code_2(mlnb, tmp_path):
    (tmp_path / "text.json").write_text("[]")
    for name, words in (("absent", "there is no environment"), ("text.json", "is not a capture")):
        code, out, err = mlnb("diff", tmp_path / name, ".")
        assert (code, out) == (2, "")
        assert words in err
    code, _, err = mlnb("capture", "--level", "deep")
    assert code == 2
    assert "deep" in err
