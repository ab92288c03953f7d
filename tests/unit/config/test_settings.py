"""Where a setting comes from, what wins, and what kernels are told."""

from __future__ import annotations

import pytest
from traitlets.config import Config

from mlnb.config import SECTIONS, Settings
from mlnb.core.errors import BadInput


def origins(settings):
    return {setting.name: (setting.value, setting.origin) for setting in settings.all()}


def test_the_strongest_origin_wins(tmp_path, monkeypatch):
    (tmp_path / "mlnb.toml").write_text('[jobs]\nimage = "team"\nslots = 3\n[order]\nmode = "warn"\n')
    monkeypatch.setenv("MLNB_JOBS_IMAGE", "mine")
    settings = Settings(Config({"MlnbOrder": {"mode": "block"}}), tmp_path)
    assert origins(settings)["order.mode"] == ("block", "jupyter")
    assert origins(settings)["jobs.image"] == ("mine", "MLNB_JOBS_IMAGE")
    assert origins(settings)["jobs.slots"] == (3, str(tmp_path / "mlnb.toml"))
    assert origins(settings)["jobs.poll_s"][1] == "default"


def test_kernels_are_told_what_files_and_the_command_line_say(tmp_path, monkeypatch):
    (tmp_path / "mlnb.toml").write_text('[order]\nmode = "warn"\n[kernel]\nenabled = false\n')
    monkeypatch.setenv("MLNB_MODELS_EXPERIMENT", "mine")  # kernels inherit it anyway
    assert Settings(None, tmp_path).for_kernels() == {"MLNB_ORDER_MODE": "warn", "MLNB_KERNEL": "0"}


def test_a_teams_floor_is_never_lowered(tmp_path, monkeypatch):
    (tmp_path / "mlnb.toml").write_text('[order]\nfloor = "block"\n')
    monkeypatch.setenv("MLNB_ORDER_FLOOR", "warn")
    settings = Settings(Config({"MlnbOrder": {"mode": "mark"}}), tmp_path)
    assert origins(settings)["order.floor"] == ("block", str(tmp_path / "mlnb.toml"))
    assert settings.for_kernels() == {"MLNB_ORDER_MODE": "mark", "MLNB_ORDER_FLOOR": "block"}
    assert Settings(Config({"MlnbOrder": {"floor": "warn"}}), tmp_path).get("order.floor") == "block"
    assert Settings(Config({"MlnbOrder": {"floor": "linear"}}), tmp_path).get("order.floor") == "linear"
    monkeypatch.setenv("MLNB_ORDER_FLOOR", "linear")
    assert origins(Settings(None, tmp_path))["order.floor"] == ("linear", "MLNB_ORDER_FLOOR")


def test_a_team_that_requires_certificates_is_never_overruled(tmp_path, monkeypatch):
    (tmp_path / "mlnb.toml").write_text("[jobs]\nrequire_certificate = true\n")
    monkeypatch.setenv("MLNB_JOBS_REQUIRE_CERTIFICATE", "0")
    held = (True, str(tmp_path / "mlnb.toml"))
    assert origins(Settings(None, tmp_path))["jobs.require_certificate"] == held
    milder = Config({"MlnbJobs": {"require_certificate": False}})
    assert origins(Settings(milder, tmp_path))["jobs.require_certificate"] == held
    (tmp_path / "mlnb.toml").write_text("[jobs]\nrequire_certificate = false\n")
    assert Settings(None, tmp_path).get("jobs.require_certificate") is False
    monkeypatch.setenv("MLNB_JOBS_REQUIRE_CERTIFICATE", "yes")
    assert origins(Settings(None, tmp_path))["jobs.require_certificate"] == (True, "MLNB_JOBS_REQUIRE_CERTIFICATE")
    stricter = Config({"MlnbJobs": {"require_certificate": True}})
    assert origins(Settings(stricter, tmp_path))["jobs.require_certificate"] == (True, "jupyter")


@pytest.mark.parametrize(
    "text", ["[jobs]\nrequire_certificate = 'yes'\n", "[jobs]\nrequire_certificate = 1\n", "[order]\nfloor = 'steep'\n"]
)
def test_a_demand_of_the_team_that_cannot_be_read_is_not_overlooked(tmp_path, monkeypatch, text):
    (tmp_path / "mlnb.toml").write_text(text)
    monkeypatch.setenv("MLNB_JOBS_REQUIRE_CERTIFICATE", "0")
    monkeypatch.setenv("MLNB_ORDER_FLOOR", "warn")
    with pytest.raises(BadInput, match=r"mlnb\.toml"):
        Settings(None, tmp_path)


@pytest.mark.parametrize("text", ["[jobs]\nslots = 'many'\n", "[order]\nmode = 'sideways'\n", "not toml at all ["])
def test_a_wrong_file_is_named(tmp_path, text):
    (tmp_path / "mlnb.toml").write_text(text)
    with pytest.raises(BadInput, match=r"mlnb\.toml"):
        Settings(None, tmp_path)


def test_a_password_in_a_url_is_not_shown(tmp_path, monkeypatch):
    monkeypatch.setenv("MLNB_STORE_DATABASE_URL", "postgresql://ana:hunter22@db/mlnb")
    settings = Settings(None, tmp_path)
    assert "hunter22" not in str(settings.all())
    assert "hunter22" in settings.database_url()


def test_every_setting_has_help():
    for section in SECTIONS:
        assert section.__doc__
        for name, trait in section.class_traits(config=True).items():
            assert trait.help, f"{section.__name__}.{name}"
