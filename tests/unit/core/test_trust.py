"""Digests and signatures: a changed byte is seen, and only the user's own key signs."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from mlnb.core import signing
from mlnb.core.content import blob_path, check, digest_of, is_digest
from mlnb.core.errors import Damaged, StoreUnavailable


@given(st.binary(), st.binary())
def test_digests_tell_bytes_apart(one, other):
    assert (digest_of(one) == digest_of(other)) == (one == other)
    assert is_digest(digest_of(one))


@given(st.binary(min_size=1), st.data())
def test_a_changed_byte_is_seen(content, data):
    digest = digest_of(content)
    assert check(content, digest, "x") == content
    at = data.draw(st.integers(0, len(content) - 1))
    changed = content[:at] + bytes([content[at] ^ data.draw(st.integers(1, 255))]) + content[at + 1 :]
    with pytest.raises(Damaged, match="the thing"):
        check(changed, digest, "the thing")


@given(st.text())
def test_what_is_no_digest_is_told(text):
    assume(not (len(text) == 64 and set(text) <= set("0123456789abcdef")))
    assert not is_digest(text)


@pytest.mark.parametrize("text", ["../" * 21 + "a", "A" * 64, "a" * 63, "a" * 65, "a" * 63 + "\n", "a" * 63 + "/"])
def test_nothing_that_could_leave_the_folder_is_a_digest(text):
    assert not is_digest(text)


def test_blobs_fan_out():
    digest = digest_of(b"")
    assert blob_path(digest).parts == (digest[:2], digest)


@given(st.binary(), st.binary(), st.text(), st.text())
def test_a_signature_is_for_one_content_and_one_purpose(one, other, purpose, another):
    signature = signing.sign(one, purpose)
    assert signing.is_signed(one, signature, purpose)
    assert signing.is_signed(other, signature, purpose) == (one == other)
    assume("\0" not in purpose + another)
    assert signing.is_signed(one, signature, another) == (purpose == another)


@given(st.text(st.characters(codec="ascii")))
def test_made_up_signatures_do_not_pass(signature):
    assume(signature != signing.sign(b"x", "p"))
    assert not signing.is_signed(b"x", signature, "p")


def test_another_key_is_another_user(monkeypatch, tmp_path):
    signature, name = signing.sign(b"x", "p"), signing.key_id()
    monkeypatch.setenv("MLNB_KEYS", str(tmp_path / "other"))
    assert not signing.is_signed(b"x", signature, "p")
    assert signing.key_id() != name


def test_the_key_is_for_its_user_alone(mlnb_home):
    signing.key()
    file = mlnb_home / "keys" / "signing.key"
    assert file.stat().st_mode & 0o777 == 0o600
    assert signing.key() == file.read_bytes()
    assert [p.name for p in file.parent.iterdir()] == ["signing.key"]


def test_the_name_of_the_key_reveals_nothing_of_it():
    assert signing.key_id() not in signing.key().hex()


def test_a_file_that_is_no_key_is_named(mlnb_home):
    (mlnb_home / "keys").mkdir()
    (mlnb_home / "keys" / "signing.key").write_bytes(b"short")
    with pytest.raises(StoreUnavailable, match=r"signing\.key is not a signing key"):
        signing.key()


def test_many_processes_make_one_key(mlnb_home):
    code = "from mlnb.core.signing import key; print(key().hex())"
    makers = [
        subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, env=os.environ)
        for _ in range(8)
    ]
    assert len({maker.communicate()[0] for maker in makers}) == 1
