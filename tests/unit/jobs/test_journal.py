"""A runner's lines, sorted into events and text."""

from mlnb.jobs.journal import Journal, read_events, read_log
from mlnb.jobs.lines import event_line


def test_an_event_behind_text_without_an_end_is_still_an_event(tmp_path):
    event = event_line("cell_started", index=0, id="a", number=1, total=1)
    news = Journal(tmp_path).take([f"50 %|#####     {event}", "plain"])
    assert news.has_progress
    assert [found["event"] for found in read_events(tmp_path)] == ["cell_started"]
    assert read_log(tmp_path, 0) == ["50 %|#####     ", "── cell 1 of 1", "plain"]


def test_a_notebook_that_prints_an_event_is_not_taken_for_the_runner(tmp_path):
    event = event_line("ended", exit_code=0)
    Journal(tmp_path).take([event_line("output", index=0, stream="stdout", text=f"see {event}\n")])
    assert read_events(tmp_path) == []
    assert read_log(tmp_path, 0) == [f"see {event}"]


def test_who_takes_over_reads_all_again_and_writes_nothing_twice(tmp_path):
    lines = [event_line("cell_started", index=0, id="a", number=1, total=1), "one", "two"]
    Journal(tmp_path).take(lines[:2])
    second = Journal(tmp_path)
    second.take(lines[:1])
    second.take(lines[1:])
    assert read_log(tmp_path, 0) == ["── cell 1 of 1", "one", "two"]
    assert len(read_events(tmp_path)) == 1
