"""Every kind of finding of `mlnb check`: what it means, for the reports that name rules; the table in ``docs/order.md`` says the same."""

from __future__ import annotations

KINDS: dict[str, str] = {
    "no_kernelspec": "The notebook names no kernel, so nobody can say what runs it.",
    "same_id": "Several cells have the same id and cannot be told apart.",
    "missing_id": "Cells have no id: what is known of a cell is lost when its text changes.",
    "no_counts": "There are outputs but no execution counts: in which order the cells ran cannot be told.",
    "not_run": "A cell has not been run, though others have.",
    "out_of_order": "A cell ran before one that stands above it.",
    "same_count": "Two cells have the same execution count: one of them ran in another kernel session.",
    "counts_skip": "Other code ran between two cells: a cell that is gone, or one of these again.",
    "two_sessions": "The outputs come from more than one kernel session: counts and noted times do not rise together.",
    "ended_with_error": "A cell ended with an error when it last ran.",
    "foreign_output": "A stored output cannot be of the code it stands under.",
    "syntax_error": "The code of a cell cannot be parsed.",
    "used_before_defined": "A cell uses a name that only a cell further down defines.",
    "called_before_defined": "A cell calls a function that uses, surely, a name that only a cell further down defines.",
    "used_after_delete": "A cell uses a name that a cell above deletes.",
    "needs_skipped": "A cell uses a name that only a cell with the tag `skip` defines.",
    "not_defined": "A cell uses a name that no cell defines.",
    "deleted_cell": "A cell ran with a name that no cell defines: it lives on state of a cell that is gone.",
    "redefined": "Several cells define a name that others read: what these get depends on which ran last.",
    "star_import": "A cell imports everything from a module: which names that sets cannot be read off the notebook.",
    "needs_program": "A cell needs a program of the operating system that not every machine has.",
    "own_path": "A cell names a path in somebody's home folder.",
}
