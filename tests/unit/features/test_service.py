"""Defining, finding, computing and reading features through the service."""

import os
import warnings

import pandas as pd
import pytest

import mlnb
from mlnb.core import current
from mlnb.core.errors import BadInput, NotFound
from mlnb.features.errors import (
    ColumnMissing,
    DefinitionGone,
    DefinitionInvalid,
    FeatureNotFound,
    FunctionFailed,
    OutputInvalid,
    SourceMissing,
    ViewNotFound,
)
from mlnb.features.loading import functions_in
from tests.unit.features.conftest import EVENTS, SPEND


def events_of(wiring):
    return [(entry.event.name, entry.event.subject, entry.event.data) for entry in wiring.outbox.read(0)]


def entities(*rows):
    return pd.DataFrame(rows, columns=["customer_id", "asked_at"]).assign(
        asked_at=lambda f: pd.to_datetime(f["asked_at"])
    )


def test_a_file_is_applied_read_point_in_time_and_followed_through_its_versions(service, project, wiring):
    applied = service.apply(project.folder / "spend.py")
    (view,) = applied.views
    assert applied.changes == {"spend": "created"}
    assert (view.version, view.owner, view.description, view.tags) == (
        1,
        "ana",
        "What a customer spent.",
        {"team": "growth"},
    )
    assert [(field.name, field.type) for field in view.fields] == [("amount", "float64"), ("doubled", "float64")]
    assert (view.freshness.of, view.freshness.basis) == ("source", "file_time")
    assert service.apply(project.folder / "spend.py").changes == {"spend": "unchanged"}

    asked = entities((1, "2026-01-05"), (1, "2026-01-10"), (2, "2026-03-30"), (9, "2026-01-10"), (1, "2025-12-31"))
    asked.index = ["a", "b", "c", "d", "d"]
    result = service.get(asked, ["spend:doubled"], "asked_at")
    pd.testing.assert_frame_equal(result[["customer_id", "asked_at"]], asked)
    assert result["doubled"].fillna(-1).tolist() == [20, 40, -1, -1, -1]
    assert result.attrs["mlnb_features"] == ["spend@1:doubled"]
    assert service.view("spend").freshness.at == pd.Timestamp("2026-01-10", tz="UTC")

    project(SPEND.replace("FACTOR = 2", "FACTOR = 3"))
    assert service.apply(project.folder / "spend.py").changes == {"spend": "new_version"}
    both = service.get(asked, ["spend@1:doubled", "spend:doubled"], "asked_at")
    assert both["spend__doubled"].notna().sum() == 2
    assert [one.version for one in service.show("spend").versions] == [2, 1]
    changes = [data["change"] for name, _, data in events_of(wiring) if name == "features_changed"]
    assert changes == ["created", "materialized", "new_version", "materialized"]


CELL = """
import mlnb

@mlnb.feature_view(entity="customer_id", source="events.parquet")
def latest(events):
    return events.groupby("customer_id")["amount"].agg(["last", "sum"])
"""


def test_a_notebooks_function_is_registered_and_read_without_a_file(service, project, monkeypatch, run_cell):
    monkeypatch.chdir(project.folder)
    current.fill("features", service)
    latest = run_cell(CELL)["latest"]
    assert mlnb.features.preview(latest, rows=1)["last"].tolist() == [20.0]
    (view,) = mlnb.features.register(latest)
    assert (view.version, view.timestamp, view.file, view.folder) == (1, None, None, str(project.folder))
    frame = mlnb.features.get([{"customer_id": 2}, {"customer_id": 1}], ["latest"])
    assert frame["sum"].tolist() == [12.0, 30.0]
    assert mlnb.features.materialize("latest").rows == 3
    assert (
        [one.name for one in mlnb.features.list()] == ["latest"] == [one.name for one in mlnb.features.search("LATES")]
    )
    assert mlnb.features.show("latest").preview.of == "materialized"
    assert mlnb.features.preview(latest, rows=1)["last"].tolist() == [20.0]


def test_a_notebooks_view_cannot_be_computed_by_another_process(service, project, monkeypatch, run_cell, wiring):
    monkeypatch.chdir(project.folder)
    service.register(run_cell(CELL)["latest"])
    elsewhere = type(wiring)(wiring.settings).features
    with pytest.raises(DefinitionGone, match="defined in a notebook"):
        elsewhere.materialize("latest")
    service.materialize("latest")
    assert elsewhere.get([{"customer_id": 1}], ["latest:sum"])["sum"].tolist() == [30.0]


def test_what_is_stored_follows_its_source_and_outlives_it(service, apply, project):
    apply(project.folder / "spend.py")
    asked = entities((1, "2026-02-01"))
    assert service.get(asked, ["spend:amount"], "asked_at")["amount"].tolist() == [20]
    more = pd.DataFrame({"customer_id": [1], "event_time": pd.to_datetime(["2026-01-20"]), "amount": [99.0]})
    pd.concat([EVENTS, more]).to_parquet(project.folder / "events.parquet")
    assert service.get(asked, ["spend:amount"], "asked_at")["amount"].tolist() == [99]
    (project.folder / "events.parquet").unlink()
    with pytest.warns(UserWarning, match="is read as it was computed"):
        assert service.get(asked, ["spend:amount"], "asked_at")["amount"].tolist() == [99]


def test_a_failed_computation_leaves_what_was_stored(service, apply, project):
    apply(project.folder / "spend.py")
    service.materialize("spend")
    pd.DataFrame({"wrong": [1]}).to_parquet(project.folder / "events.parquet")
    with pytest.raises(FunctionFailed, match="spend raised KeyError: 'amount'"):
        service.materialize("spend")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert service.get(entities((1, "2026-01-05")), ["spend:amount"], "asked_at")["amount"].tolist() == [10]


def test_rows_written_later_than_asked_for_are_not_seen(service, apply, project):
    late = EVENTS.assign(created=pd.to_datetime(["2026-01-01", "2026-01-15", "2026-01-02", "2026-01-03", "2026-01-05"]))
    late.to_parquet(project.folder / "events.parquet")
    (view,) = apply(project.folder / "spend.py").views
    assert view.created == "created"
    assert "created" not in [field.name for field in view.fields]
    asked = entities((1, "2026-01-12"), (1, "2026-01-16"))
    assert service.get(asked, ["spend:amount"], "asked_at")["amount"].tolist() == [10, 20]


def test_a_feature_called_created_stays_a_feature(service, apply, project):
    EVENTS.assign(created=True).to_parquet(project.folder / "events.parquet")
    (view,) = apply(project.folder / "spend.py").views
    assert view.created is None
    assert ("created", "bool") in [(field.name, field.type) for field in view.fields]


def test_equal_rows_are_counted(service, apply, project):
    pd.concat([EVENTS, EVENTS.head(2).assign(amount=0.0)]).to_parquet(project.folder / "events.parquet")
    apply(project.folder / "spend.py")
    done = service.materialize("spend")
    assert (done.rows, done.duplicates) == (7, 2)
    assert service.get(entities((1, "2026-01-05")), ["spend:amount"], "asked_at")["amount"].tolist() == [0]


def test_csv_sources_give_times_as_times(service, apply, project):
    EVENTS.to_csv(project.folder / "events.csv", index=False)
    project(
        SPEND.replace("events.parquet", "events.csv").replace(
            "return events.assign", "assert events['event_time'].dt.year.eq(2026).all()\n    return events.assign"
        )
    )
    apply(project.folder / "spend.py")
    assert service.get(entities((1, "2026-01-05")), ["spend:doubled"], "asked_at")["doubled"].tolist() == [20]


def test_a_definition_that_is_gone_is_said_so(apply, project, wiring):
    apply(project.folder / "spend.py")
    elsewhere = type(wiring)(wiring.settings).features
    for change in (("FACTOR = 2", "FACTOR = 5"), ('ttl="30d"', 'ttl="31d"')):
        project(SPEND.replace(*change))
        with pytest.raises(DefinitionGone, match="does not define spend as version 1"):
            elsewhere.materialize("spend")


def test_a_definition_is_read_as_it_stands_though_the_clock_did_not_move(project):
    for factor in ("2", "5"):
        file = project(SPEND.replace("FACTOR = 2", f"FACTOR = {factor}"))
        os.utime(file, (1_800_000_000, 1_800_000_000))
        (spend,) = functions_in(file)
        assert spend(EVENTS)["doubled"].tolist() == (EVENTS["amount"] * int(factor)).tolist()
    assert not (project.folder / "__pycache__").exists()


BAD = {
    "raises": ("def spend(events):\n    return events.nothing", FunctionFailed, "spend raised AttributeError"),
    "no frame": ("def spend(events):\n    return 3", OutputInvalid, "returned a int"),
    "no key": ("def spend(events):\n    return events.drop(columns='customer_id')", ColumnMissing, "no key column 'customer_id'"),
    "no time": ("def spend(events):\n    return events.drop(columns='event_time')", ColumnMissing, "no time column 'event_time'"),
    "no features": ("def spend(events):\n    return events[['customer_id', 'event_time']]", OutputInvalid, "returned no features"),
    "numbers as times": ("def spend(events):\n    return events.assign(event_time=1)", OutputInvalid, "holds numbers, not times"),
    "mixed column": ("def spend(events):\n    return events.assign(x=[1, 'a', None, 2.5, 'b'])", OutputInvalid, "column x"),
    "doubled names": ("def spend(events):\n    return events.iloc[:, [0, 1, 2, 2]]", OutputInvalid, "not unique"),
}  # fmt: skip


@pytest.mark.parametrize("case", BAD)
def test_a_bad_definition_is_refused_by_name_and_nothing_is_registered(service, apply, project, case):
    body, error, words = BAD[case]
    head = 'import mlnb\n\n@mlnb.feature_view(entity="customer_id", timestamp="event_time", source="events.parquet")\n'
    with pytest.raises(error, match=words) as raised:
        apply(project(head + body))
    assert raised.value.hint
    assert service.list().total == 0


def test_a_bad_file_is_refused_by_name(service, apply, project):
    for text, error, words in (
        ("x = (", FunctionFailed, r"bad.py cannot be imported: SyntaxError.*line 1"),
        ("import mlnb\n\n1 / 0", FunctionFailed, r"ZeroDivisionError.*line 3"),
        ("raise SystemExit(4)", FunctionFailed, "SystemExit"),
        ("x = 1", DefinitionInvalid, "bad.py defines no feature view"),
        (SPEND + SPEND.replace("def spend", "def b").replace("owner=", "name='spend', owner="), DefinitionInvalid, "spend more than"),
        (SPEND.replace("events.parquet", "gone.parquet"), SourceMissing, "no file .*gone.parquet"),
        (SPEND.replace("events.parquet", "bad.py"), SourceMissing, "bad.py cannot be read"),
        (SPEND.replace("events.parquet", "nowhere://x"), NotFound, "no feature source named 'nowhere'"),
    ):  # fmt: skip
        with pytest.raises(error, match=words):
            apply(project(text, "bad.py"))
    with pytest.raises(SourceMissing, match=r"no file .*absent\.py"):
        apply(project.folder / "absent.py")


def test_a_views_imports_and_what_it_prints_do_no_harm(service, project):
    project("FACTOR = 4", "beside.py")
    project(SPEND.replace("FACTOR = 2", "from beside import FACTOR\nprint('noise')"))
    service.apply(project.folder / "spend.py")
    assert service.get(entities((1, "2026-01-05")), ["spend:doubled"], "asked_at")["doubled"].tolist() == [40]


def test_what_goes_wrong_in_the_process_of_a_file_is_told_here(service, project):
    with pytest.raises(FunctionFailed, match="ended with code 3"):
        service.apply(project("import os\nos._exit(3)", "exits.py"))
    with pytest.raises(DefinitionInvalid, match="defines no feature view") as raised:
        service.apply(project("x = 1", "empty.py"))
    assert "@mlnb.feature_view" in raised.value.hint
    with pytest.raises(SourceMissing, match=r"no file .*absent\.py"):
        service.apply(project.folder / "absent.py")


def test_unknown_names_are_answered_with_those_there_are(service, apply, project):
    apply(project.folder / "spend.py")
    asked = entities((1, "2026-01-05"))
    with pytest.raises(ViewNotFound, match="no feature view 'spnd'") as raised:
        service.get(asked, ["spnd:amount"])
    assert raised.value.hint == "Did you mean spend?"
    with pytest.raises(ViewNotFound, match="no version 7"):
        service.get(asked, ["spend@7:amount"])
    with pytest.raises(FeatureNotFound, match="no feature 'x'"):
        service.get(asked, ["spend:x"])
    with pytest.raises(ColumnMissing, match="no column 'customer_id'"):
        service.get(pd.DataFrame({"id": [1]}), ["spend:amount"])


def test_credentials_are_masked_in_previews(service, apply, project):
    token = "ghp_" + "a" * 36
    EVENTS.assign(note=f"see {token}", password="hunter22").to_parquet(project.folder / "events.parquet")
    apply(project.folder / "spend.py")
    preview = service.preview("spend", 1)
    row = dict(zip(preview.columns, preview.rows[0], strict=True))
    assert token not in str(preview)
    assert "hunter22" not in str(preview)
    assert row["customer_id"] == 1
    assert row["event_time"] == "2026-01-01T00:00:00.000000Z"
    assert preview.of == "sample"


def many(count):
    head = 'import mlnb\nsaid = dict(entity="customer_id", timestamp="event_time", source="events.parquet")\n'
    one = '@mlnb.feature_view(**said, owner="{owner}", description="{words}")\ndef {name}(events):\n    return events\n'
    names = [f"view_{number:02}" for number in range(count)]
    return head + "".join(
        one.format(name=n, owner=f"owner{n[-1]}", words="Churn risk" if n[-1] == "3" else "Other") for n in names
    )


def test_the_catalogue_is_paged_searched_and_forgives_a_typo(service, apply, project):
    apply(project(many(13)))
    names, cursor = [], None
    while True:
        page = service.list(limit=5, cursor=cursor)
        assert page.total == 13
        names += [view.name for view in page.views]
        if (cursor := page.cursor) is None:
            break
    assert names == [f"view_{number:02}" for number in range(13)]
    found = service.list("churn")
    assert [view.name for view in found.views] == ["view_03"]
    assert [view.name for view in service.list("chrun rsik").views] == ["view_03"]
    assert [view.name for view in service.list("owner3 ri").views] == ["view_03"]
    assert [view.name for view in service.list("view_07").views] == ["view_07"]
    assert service.list("CUSTOMER_ID events.parquet", limit=4).total == 13
    first = service.list("owner", limit=8)
    second = service.list("owner", limit=8, cursor=first.cursor)
    assert sorted(view.name for view in (*first.views, *second.views)) == names
    assert second.cursor is None
    assert service.list("zzzzzz").total == 0
    assert service.list("%").total == 0
    with pytest.raises(BadInput, match="cursor"):
        service.list(cursor="nonsense")


def test_search_works_without_the_index_too(service, apply, project, wiring):
    import sqlalchemy as sa

    apply(project(many(4)))
    with wiring.database.transaction() as connection:
        connection.execute(sa.text("drop table feature_search"))
    assert [view.name for view in service.list("churn").views] == ["view_03"]
    assert [view.name for view in service.list("chrun").views] == ["view_03"]
    assert apply(project(many(5))).changes["view_04"] == "created"
