"""Credentials never reach a snapshot: the place where one comes from is kept, or the variable is named."""

from __future__ import annotations

import json
import re

import pytest

from mlnb.core import secrets
from mlnb.snapshots.plugins.files import SnapshotFiles
from mlnb.snapshots.plugins.loading import read_contents
from mlnb.snapshots.rules.credentials import is_credential_name, named_credentials, spans_of

PASSWORD = "hunter2+Secret/9"
QUOTED = "hunter2%2BSecret%2F9"
ENGINE = f"import sqlalchemy\nengine = sqlalchemy.create_engine('postgresql+psycopg://me:{QUOTED}@db.example/x')"

HOLDERS = {
    "an engine": ENGINE.replace("engine =", "value ="),
    "an address": f"import sqlalchemy\nvalue = sqlalchemy.make_url('postgresql+psycopg://me:{QUOTED}@db.example/x')",
    "a session maker": f"{ENGINE}\nfrom sqlalchemy.orm import sessionmaker\nvalue = sessionmaker(engine)",
    "a pair of a session": f"import requests\nvalue = requests.Session()\nvalue.auth = ('me', '{PASSWORD}')",
    "a header": f"import requests\nvalue = requests.Session()\nvalue.headers['Authorization'] = 'Bearer {PASSWORD}'",
    "a cookie": f"import requests\nvalue = requests.Session()\nvalue.cookies.set('sid', '{PASSWORD}')",
    "a proxy": f"import requests\nvalue = requests.Session()\nvalue.proxies = {{'http': 'http://u:{QUOTED}@proxy:1'}}",
    "a prepared request": f"import requests\nvalue = requests.Request('GET', 'http://x.y', headers={{'X-API-Key': '{PASSWORD}'}})",
    "a file system": f"import s3fs\nvalue = s3fs.S3FileSystem(key='AK', secret='{PASSWORD}', skip_instance_cache=True)",
    "a session of AWS": f"import boto3\nvalue = boto3.Session('AK', '{PASSWORD}', region_name='us-east-1')",
    "mail": f"import smtplib\nvalue = smtplib.SMTP()\nvalue.password = '{PASSWORD}'",
    "a client of MLflow": f"import mlflow\nvalue = mlflow.MlflowClient('http://u:{QUOTED}@tracking.example')",
    "passwords of urllib": "import urllib.request\nvalue = urllib.request.HTTPPasswordMgr()\n"
    f"value.add_password('realm', 'http://x.y', 'me', '{PASSWORD}')",
    "settings": f"value = {{'host': 'db', 'password': '{PASSWORD}'}}",
    "a connection string": f"value = 'host=db.example user=me password={PASSWORD}'",
    "one for ODBC": f"value = 'Driver={{SQL Server}};Server=db;Uid=me;Pwd={PASSWORD};'",
    "an object of a slotted class": "import dataclasses\n@dataclasses.dataclass(slots=True)\nclass Login:\n    password: str\n"
    f"value = Login('{PASSWORD}')",
    "a default": f"def value(password='{PASSWORD}'): return password",
    "a partial call": f"import functools\nvalue = functools.partial(print, password='{PASSWORD}')",
}


def disk(taken):
    """Everything that is stored of a snapshot: the manifest, streams and buffers."""
    files = SnapshotFiles()
    manifest = files.read(taken.id)
    contents = read_contents(manifest, files.blobs, manifest.components)
    found = [(files.folder / taken.id / "manifest.json").read_bytes()]
    for content in contents:
        found += [bytes(content.stream), *map(bytes, content.buffers)]
    return b"\n".join(found)


def take(notebook):
    taken = notebook.snapshots.take()
    notebook.snapshots.flush()
    return taken


@pytest.fixture
def without_secrets(monkeypatch):
    """What this process registers is its own."""
    monkeypatch.setattr(secrets, "_values", set())
    monkeypatch.setattr(secrets, "_names", {})


@pytest.mark.usefixtures("without_secrets")
@pytest.mark.parametrize("what", HOLDERS)
def test_one_from_nowhere_is_named_and_nothing_of_it_is_kept(notebook, what):
    notebook.run(HOLDERS[what] + "\nother = [1]")
    taken = take(notebook)
    found = taken.variables["value"]
    assert found.state == "not_restorable"
    assert found.digest == ""
    assert re.search(r"^it holds a credential \(.*\), which snapshots do not keep", found.reason)
    assert taken.variables["other"].state == "saved"
    assert PASSWORD.encode() not in disk(taken)
    assert QUOTED.encode() not in disk(taken)


@pytest.mark.usefixtures("without_secrets")
@pytest.mark.parametrize("what", HOLDERS)
def test_one_from_the_environment_comes_back_from_there(notebook, new_notebook, monkeypatch, what):
    monkeypatch.setenv("DB_PASSWORD", PASSWORD)
    notebook.run(HOLDERS[what])
    taken = take(notebook)
    found = taken.variables["value"]
    assert found.state == "recompute"
    assert "the environment variable DB_PASSWORD" in found.reason
    assert PASSWORD.encode() not in disk(taken)
    assert QUOTED.encode() not in disk(taken)
    again = take(notebook)  # nothing is saved anew, and it is told all the same
    assert again.variables["value"] == found
    other = new_notebook()
    done = other.snapshots.restore(taken.id)
    assert "value" in done.recomputed
    assert take(other).variables["value"].digest == found.digest  # it is what it was


@pytest.mark.usefixtures("without_secrets")
def test_without_the_environment_it_is_named_and_the_others_come_back(notebook, new_notebook, monkeypatch):
    monkeypatch.setenv("DATABASE_URL", f"postgresql://me:{QUOTED}@db.example/x")
    notebook.run(ENGINE + "\nother = [1]")
    taken = take(notebook)
    assert "the environment variable DATABASE_URL" in taken.variables["engine"].reason
    assert QUOTED.encode() not in disk(taken)
    here = new_notebook()
    assert "engine" in here.snapshots.restore(taken.id).recomputed
    assert here.ask("engine.url.password") == PASSWORD
    monkeypatch.delenv("DATABASE_URL")
    there = new_notebook()
    done = there.snapshots.restore(taken.id)
    assert "it needs the environment variable DATABASE_URL" in done.not_restored["engine"]
    assert there["other"] == [1]


@pytest.mark.usefixtures("without_secrets")
def test_a_secret_that_was_asked_for_is_asked_for_again(notebook, new_notebook, monkeypatch):
    monkeypatch.setenv("MLNB_SECRET_WAREHOUSE", "b4ttery.staple")
    notebook.run("import mlnb\nplain = mlnb.secret('warehouse')\ntext = 'login=' + plain\nenough = [plain, plain]")
    taken = take(notebook)
    assert {one.reason for name, one in taken.variables.items() if name != "mlnb"} == {
        "a credential in it is taken from the secret warehouse"
    }
    assert b"b4ttery.staple" not in disk(taken)
    other = new_notebook()
    other.snapshots.restore(taken.id)
    assert other.ask("(plain, text, enough[0] is enough[1])") == ("b4ttery.staple", "login=b4ttery.staple", True)


@pytest.mark.usefixtures("without_secrets")
def test_a_copy_of_the_environment_is_kept_without_credentials(notebook, new_notebook, monkeypatch):
    monkeypatch.setenv("SERVICE_API_KEY", "abc123def456")
    notebook.run("import os\ncopy = dict(os.environ)\nenviron = os.environ")
    taken = take(notebook)
    assert b"abc123def456" not in disk(taken)
    other = new_notebook()
    other.snapshots.restore(taken.id)
    assert other.ask("copy['SERVICE_API_KEY'] == os.environ['SERVICE_API_KEY'] and environ is os.environ")


@pytest.mark.usefixtures("without_secrets")
def test_tokens_of_known_forms_are_seen_under_any_name_and_beside_much_text(notebook):
    github, key = "ghp_" + "a1B2" * 9, "-----BEGIN PRIVATE KEY-----\\nMIIEabc\\n-----END PRIVATE KEY-----"
    notebook.run(
        f"a = ['text'] * 5 + ['{github}']\nb = '{key}'\nc = ['Bearer abcdefgh1234']\nd = {{'x' * 300: 1, 'password': 'abc123+x'}}\n"
        "e = ['keys and tokens of authors pass here'] * 30_000"
    )
    taken = take(notebook)
    assert {name: one.state for name, one in taken.variables.items()} == {
        **dict.fromkeys("abcd", "not_restorable"),
        "e": "saved",
    }
    for value in (github.encode(), b"MIIEabc", b"abcdefgh1234", b"abc123+x"):
        assert value not in disk(taken)


@pytest.mark.usefixtures("without_secrets")
def test_words_about_credentials_are_data(notebook):
    notebook.run(
        "texts = ['my password is hunter22', 'see https://u:pw@host/ for more', 'token = abc'] * 9\n"
        "tokenizer = {'pad_token': '<|endoftext|>', 'token_pattern': r'(?u)\\b\\w\\w+\\b', 'tokens': ['secret1', 'b2']}\n"
        "counts = {'password': 3, 'secretary': 'miss1x', 'passage': 'Psalm 119', 'band_pass': 'butter4', 'token': 'word2vec'}\n"
        "auth = {'type': 'basic', 'url': 'https://x.y'}\n"
        "author, authors = 'somebody1', ['anybody1']\n"
        "def login(password=None, token='none'):\n    'The api_key of the service.'\n    return password\n"
    )
    states = {name: one.state for name, one in take(notebook).variables.items()}
    assert set(states.values()) == {"saved"}, states


@pytest.mark.usefixtures("without_secrets")
def test_a_foreign_snapshot_learns_nothing_of_this_computer(notebook, monkeypatch):
    from mlnb.snapshots.plugins import cautious, credentials
    from mlnb.snapshots.plugins.codecs import codec_named

    monkeypatch.setenv("DB_PASSWORD", PASSWORD)
    notebook.run(f"value = {{'password': '{PASSWORD}'}}")
    files = SnapshotFiles()
    manifest = files.read(take(notebook).id)
    (content,) = [one for one in read_contents(manifest, files.blobs, manifest.components) if one.component.names]
    assert credentials.TAG.encode() in content.stream
    why = cautious.why_not(codec_named(content.component.codec), content.stream, len(content.buffers))
    assert why == "it takes a credential from this computer"


@pytest.mark.parametrize(
    ("text", "held"),
    [
        ("postgresql://ana:hunter2@db/x", ["hunter2"]),
        ("Bearer abcdefgh1234", ["abcdefgh1234"]),
        ("AKIAIOSFODNN7EXAMPLE", ["AKIAIOSFODNN7EXAMPLE"]),
        ("dbname=x user='a b' password='p w' host=h", ["'p w'"]),
        ("Server=tcp:x,1;Uid=me;Pwd={a;b};Encrypt=yes", ["{a;b}"]),
        ("the password=abc is in the mail", []),
        ("https://host:8080/path", []),
        ("redis://:hunter22@cache:6379/0", ["hunter22"]),
        ("bearer of good news", []),
        ("password=", []),
    ],
)
def test_which_part_of_a_text_is_one(text, held):
    assert [text[span.start : span.end] for span in spans_of(text)] == held


def test_names_that_say_something_about_one_are_not_it():
    for name in ("SSH_AUTH_SOCK", "token_type", "auth_url", "secret_name", "tokenizer", "a.b.create_token", "author"):
        assert not is_credential_name(name), name
    for name in ("password", "AWS_SECRET_ACCESS_KEY", "X-API-Key", "Authorization", "client_secret", "_auth_token"):
        assert is_credential_name(name), name
    assert named_credentials({"auth": ("me", "pa55word"), "n": "pa55word"}) == [("pa55word", "auth")]
    assert named_credentials(json.loads('{"password": 12345678, "token": null, "secret": "password"}')) == []
