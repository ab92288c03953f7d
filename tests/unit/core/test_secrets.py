"""Masking: no registered value and nothing that looks like a credential gets out; ordinary words stay."""

from __future__ import annotations

import json

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from mlnb.core import secrets
from mlnb.core.errors import SecretNotFound
from mlnb.core.secrets import MASK, is_secret_name, mask, mask_tree


@pytest.fixture(autouse=True)
def nothing_registered(monkeypatch):
    monkeypatch.setattr(secrets, "_values", set())


values = st.text(st.characters(codec="utf-8", exclude_characters="•"), min_size=6, max_size=40)


@given(st.lists(values, min_size=1, max_size=4), st.text(), st.text(), st.data())
def test_no_registered_value_is_left(registered, before, after, data):
    for value in registered:
        secrets.register(value)
    text = before + data.draw(st.sampled_from(registered)) + after
    hidden = mask(text)
    assert not any(value in hidden for value in registered)
    assert not any(
        value in json.dumps(mask_tree({"a": [text, {"b": text}]}), ensure_ascii=False) for value in registered
    )


@given(st.text())
def test_masking_twice_changes_nothing_more(text):
    once = mask(text)
    assert mask(once) == once


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(), lambda x: st.lists(x) | st.dictionaries(st.text(), x)
    )
)
def test_the_shape_of_json_stays(value):
    def shape(v):
        if isinstance(v, dict):
            return {k: shape(x) for k, x in v.items()}
        return [shape(x) for x in v] if isinstance(v, list) else type(v)

    assert shape(mask_tree(value)) == shape(value)


CREDENTIALS = [
    "AKIAIOSFODNN7EXAMPLE",
    "ghp_" + "a1B2" * 9,
    "github_pat_" + "a1B2" * 9,
    "glpat-" + "a1B2c" * 5,
    "hf_" + "a1B2" * 9,
    "sk-" + "a1B2" * 8,
    "sk-ant-api03-" + "a1B2" * 8,
    "xoxb-1234567890-abcdef",
    "AIza" + "a" * 35,
    "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.abcdefghijkl",
]


@pytest.mark.parametrize("credential", CREDENTIALS)
def test_known_forms_are_masked_wherever_they_stand(credential):
    for text in (credential, f"failed with {credential}: 401", f'{{"x": "{credential}"}}', f"({credential})"):
        assert credential not in mask(text)
        assert MASK in mask(text)


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("postgresql://ana:hunter2@db.example/x", "postgresql://ana:••••••@db.example/x"),
        ("https://ana:pa55word@host/p?q=1", "https://ana:••••••@host/p?q=1"),
        ("Authorization: Bearer abcdefghijklmnop", "Bearer"),
        ("password = 'hunter2hunter2'", "password"),
        ("API_KEY=abc123def", "API_KEY"),
        ('"db_password": "abc123"', "db_password"),
        ("MLFLOW_TRACKING_TOKEN=abcdef", "MLFLOW_TRACKING_TOKEN"),
        ("client_secret: s3cr3t", "client_secret"),
    ],
)
def test_assignments_keep_the_name_and_lose_the_value(text, left):
    hidden = mask(text)
    assert left in hidden
    for value in ("hunter2", "pa55word", "abcdefghijklmnop", "abc123", "abcdef", "s3cr3t"):
        assert value not in hidden


def test_a_private_key_is_masked_whole_even_when_cut_off():
    key = "-----BEGIN RSA PRIVATE KEY-----\nMIIEabc\nxyz\n-----END RSA PRIVATE KEY-----"
    assert mask(f"a {key} b") == f"a {MASK} b"
    assert "MIIEabc" not in mask(key[:45])


@pytest.mark.parametrize(
    "text",
    [
        "max_tokens=4096",
        "n_tokens: 12345",
        "author = Ana Example",
        "authors: many people",
        "passenger_count = 2000",
        "tokenizer=bert-base",
        "the passes were counted: 1234",
        "compass = north",
        "monkey = 12345",
        "keyboard: qwerty",
        "learning_rate=0.0001",
        "https://host:8080/path",
        "see section 4.2 of the paper",
        "password = os.environ['DB']",
        "token = ${TOKEN}",
    ],
)
def test_ordinary_text_stays(text):
    assert mask(text) == text


@pytest.mark.parametrize(
    "name", ["password", "DB_PASSWORD", "api_key", "apikey", "aws_secret_access_key", "auth_token", "x-token"]
)
def test_names_of_credentials(name):
    assert is_secret_name(name)
    assert mask_tree({name: "a"}) == {name: MASK}


@pytest.mark.parametrize(
    "name", ["max_tokens", "n_tokens", "author", "passengers", "compass", "alpha", "keys", "num_tokens"]
)
def test_names_of_other_things(name):
    assert not is_secret_name(name)
    assert mask_tree({name: "some words"}) == {name: "some words"}


def test_a_very_short_value_does_not_blot_out_words():
    secrets.register("a")
    assert mask("banana") == "banana"


def test_a_secret_comes_from_the_environment_and_is_masked_from_then_on(monkeypatch):
    monkeypatch.setenv("MLNB_SECRET_DB_LOGIN", "correct horse battery")
    assert secrets.get("db-login") == "correct horse battery"
    assert "horse" not in mask("it said: correct horse battery!")


def test_a_secret_that_is_not_set_is_named_with_the_way_out():
    with pytest.raises(SecretNotFound, match="no-such") as refused:
        secrets.get("no-such")
    assert "MLNB_SECRET_NO_SUCH" in refused.value.hint
    assert "keyring set mlnb no-such" in refused.value.hint


@given(st.text(min_size=6), st.text(min_size=6))
def test_overlapping_values_leave_nothing(one, other):
    assume("•" not in one + other)
    secrets.register(one)
    secrets.register(other)
    hidden = mask(one + other + one)
    assert one not in hidden
    assert other not in hidden
