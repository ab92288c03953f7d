/** Entries and snapshots for the tests of the history. */

import type { Entry, Preview, Restored, Snapshot } from '../../api/types';

/** An entry of a history. */
export function entry(id: string, parent: string | null = null, given: Partial<Entry> = {}): Entry {
  return {
    id,
    created_at: '2026-01-01T00:00:00Z',
    kind: 'auto',
    name: '',
    parent,
    session: 's',
    cell_id: 'c1',
    cell_runs: 1,
    succeeded: true,
    is_clean: true,
    variables: 1,
    lost: 0,
    size_bytes: 1,
    has_kernel: true,
    has_document: true,
    is_trusted: true,
    job: null,
    ...given
  };
}

/** A snapshot as it is listed. */
export function snapshot(id: string): Snapshot {
  return {
    id,
    notebook: '/n.ipynb',
    created_at: '2026-01-01T00:00:00Z',
    reason: '',
    cell_runs: 1,
    variables: {},
    env_id: '',
    git_commit: null,
    git_dirty: null,
    size_bytes: 1,
    owner: 'ana',
    session: 's',
    has_kernel: true,
    has_document: true,
    is_trusted: true,
    notebook_id: null,
    parent: null,
    cell_id: null,
    succeeded: null,
    name: '',
    is_clean: null
  };
}

/** What a restore of `id` did. */
export function restored(id: string, undo: string | null = null): Restored {
  return {
    id,
    restored: ['x'],
    recomputed: [],
    not_restored: { socket: 'it holds a socket' },
    removed: [],
    process: [],
    undo
  };
}

/** What a restore of `id` would do. */
export function preview(id: string, given: Partial<Preview> = {}): Preview {
  return {
    id,
    notebook: 'n.ipynb',
    created_at: '2026-01-01T00:00:00Z',
    reason: '',
    trust: 'own',
    needs_consent: false,
    origin: '',
    has_kernel: true,
    variables: [],
    removed: [],
    cells: null,
    environment: {
      env_id_then: '',
      env_id_now: '',
      python_then: '',
      python_now: '',
      is_same: null
    },
    load_bytes: 0,
    process: [],
    ...given
  };
}
