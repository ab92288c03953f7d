/** The server's part of comparing states. */

import type { Call } from '../../api/client';
import type { Diff, SnapshotPage } from '../../api/types';

/** An earlier state by a word, or a snapshot by its id. */
export type Since = string;

/** Requests about what changed. Notebooks are named by their path relative to the server's root. */
export class DiffClient {
  constructor(private readonly _call: Call) {}

  /** How snapshot `b` differs from snapshot `a`. */
  between(a: string, b: string): Promise<Diff> {
    return this._call(`snapshots/${encodeURIComponent(a)}/diff/${encodeURIComponent(b)}`);
  }

  /** The newest snapshots of a notebook. */
  recent(notebook: string, limit: number): Promise<SnapshotPage> {
    return this._call('snapshots', { query: { notebook, limit } });
  }

  /** Takes a snapshot of the saved notebook and its kernel as they are now: how they differ from an earlier state. */
  since(path: string, since: Since): Promise<Diff> {
    return this._call('notebooks/changes', { method: 'POST', body: { path, since } });
  }
}
