"""What changed, asked of a live kernel from outside: what it read, the values that differ, the documents, git."""

from __future__ import annotations

import json
import os

import pytest
from click.testing import CliRunner
from jupyter_client.manager import start_new_kernel

from mlnb.cli.main import root
from tests.committed import commit, write

pytestmark = pytest.mark.kernel


@pytest.fixture
def document(tmp_path):
    return commit(tmp_path / "live.ipynb", "n = 3")


@pytest.fixture
def client(document):
    environment = {**os.environ, "JPY_SESSION_NAME": str(document)}
    manager, client = start_new_kernel(extra_arguments=["--ext=mlnb"], env=environment, cwd=str(document.parent))
    yield client
    client.stop_channels()
    manager.shutdown_kernel(now=True)


def run(client, code):
    reply = client.execute_interactive(code, timeout=60, output_hook=lambda _: None)
    assert reply["content"]["status"] == "ok", reply["content"]


def cli(*arguments):
    done = CliRunner().invoke(root, ["snapshot", *map(str, arguments)], standalone_mode=False)
    if done.exception is not None:
        raise done.exception
    return done


def test_two_states_of_a_live_kernel_are_compared_whole(client, document):
    data = document.with_name("data.csv")
    data.write_text("a\n1\n2\n")
    run(client, "import pandas as pd\nn = 3\nclass Model:\n    alpha = 1\nmodel = Model(); model.rate = 0.1")
    run(client, "frame = pd.read_csv('data.csv'); kept = [1]; gone = 'x'")
    first = json.loads(cli("take", document, "--json").output)["id"]
    data.write_text("a\n1\n5\n")
    write(document, "n = 7")
    run(client, "n = 7; model.rate = 0.2; del gone; new = {'k': 1}")
    run(client, "frame = pd.read_csv('data.csv')")
    second = json.loads(cli("take", document, "--json").output)["id"]

    done = cli("diff", first, second, "--json")
    found = json.loads(done.output)
    assert done.return_value == 3
    places = {one["name"]: [tuple(place.values()) for place in one["details"]["places"]] for one in found["changes"]}
    assert found["notes"] == []
    assert places["frame"] == [("row 1, column 'a'", "2", "5")]
    assert places["model"] == [(".rate", "0.1", "0.2")]
    assert set(found["changed"]) == {"frame", "model", "n"}
    assert (found["added"], found["removed"]) == (["new"], ["gone"])
    of_the_user = [one for one in found["data"] if not one["path"].endswith("history.sqlite")]  # IPython's own
    assert [(one["path"], one["kind"]) for one in of_the_user] == [(str(data), "changed")]
    assert of_the_user[0]["before"]["kept"] is not None
    assert [(one["name"], one["before"], one["after"]) for one in found["parameters"]] == [("n", "3", "7")]
    assert [(one["kind"], one["cell_id"]) for one in found["cells"]] == [("changed", "c")]
    assert found["environment"] == []

    words = cli("diff", first, second).output
    assert "row 1, column 'a': 2 -> 5" in words
    assert "-n = 3" in words
    cli("data", first, "--to", document.with_name("kept"))
    assert (document.parent / "kept" / "data.csv").read_text() == "a\n1\n2\n"
    since = json.loads(cli("diff", "--since", "commit", document, "--json").output)
    assert since["a"] == first
    assert set(since["changed"]) == {"frame", "model", "n"}


def test_what_a_database_answered_is_compared(client, document):
    run(client, "import sqlite3, pandas as pd; con = sqlite3.connect('shop.db'); n = 3")
    run(client, "frame = pd.DataFrame({'id': [1, 2]}); frame.to_sql('orders', con, index=False); con.commit()")
    ask = "answer = pd.read_sql('select * from orders', con)"
    run(client, ask)
    first = json.loads(cli("take", document, "--json").output)["id"]
    run(client, "con.execute('insert into orders values (7)'); con.commit()")
    run(client, ask)
    second = json.loads(cli("take", document, "--json").output)["id"]
    found = json.loads(cli("diff", first, second, "--json").output)
    (query,) = [one for one in found["data"] if one["after"]["kind"] == "query"]
    assert query["path"] == str(document.with_name("shop.db"))
    assert (query["before"]["rows"], query["after"]["rows"]) == (2, 3)
    assert query["before"]["digest"] != query["after"]["digest"]
    assert "select * from orders  2 rows" in cli("diff", first, second).output
    assert "select * from orders" in cli("data", second).output


def test_what_changed_since_the_last_clean_state(client, document):
    run(client, "n = 3")
    clean = json.loads(cli("take", document, "--json").output)["id"]
    reply = client.execute_interactive("n = 4; 1 / 0", timeout=60, output_hook=lambda _: None)
    assert reply["content"]["status"] == "error"
    json.loads(cli("take", document, "--json").output)
    since = json.loads(cli("diff", "--since", "clean", document, "--json").output)
    assert since["a"] == clean
    assert since["changed"] == ["n"]
    assert since["after"]["title"] == "to compare with the last clean state"
    run(client, "import mlnb; found = mlnb.snapshots.changes('clean'); before, changed = found.a, found.changed")
    run(client, f"assert (before, changed) == ('{clean}', ('n',)), (before, changed)")
    run(
        client, f"write = mlnb.snapshots.changes('{clean}').compared; assert write[:2] == ('cells', 'variables'), write"
    )
    run(
        client, "kept = mlnb.snapshots.changes('commit'); assert kept.before.title.startswith('commit') or kept.a, kept"
    )


def test_clean_means_the_same_in_the_kernel_on_the_command_line_and_in_the_history(client, document):
    from mlnb.config import Settings
    from mlnb.wiring import Wiring

    services = Wiring(Settings())
    ids = []
    for number, is_clean in enumerate((True, None, False)):  # what order said of each
        run(client, f"n = {number}\nimport mlnb\ntaken = mlnb.snapshots.take()\ntaken.wait()")
        ids.append(services.snapshots.list(document).snapshots[0].id)
        content = json.loads(document.read_text())
        if is_clean is not None:
            services.snapshots.history.attach(ids[-1], document, content, is_clean=is_clean)
    run(client, "found = mlnb.snapshots.changes('clean')\nwith open('found', 'w') as f: f.write(found.a)")
    in_kernel = document.with_name("found").read_text()
    history = services.snapshots.history.timeline(document)
    on_the_line = json.loads(cli("diff", "--since", "clean", document, "--json").output)["a"]
    services.database.close()
    clean = [entry.id for entry in history.entries if entry.is_clean]
    assert ids[2] not in clean
    assert in_kernel == ids[1]  # the newest of then; what is compared was taken since
    assert on_the_line == history.last_clean == clean[0]
