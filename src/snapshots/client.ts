/** The server's part of the snapshots area. */

import type { Call } from '../api/client';
import type { Restored, SnapshotPage, Taken } from '../api/types';

/** Requests about snapshots. Notebooks are named by their path relative to the server's root. */
export class SnapshotsClient {
  constructor(private readonly _call: Call) {}

  /** The newest snapshots of a notebook. */
  list(notebook: string, limit: number): Promise<SnapshotPage> {
    return this._call('snapshots', { query: { notebook, limit } });
  }

  /** Freezes the saved notebook and, if its kernel lives, its variables. */
  take(notebook: string, reason: string): Promise<Taken> {
    return this._call('snapshots', { method: 'POST', body: { notebook, reason } });
  }

  /** Brings variables back into the live kernel of the snapshot's notebook; all of them when `names` is null. */
  restore(id: string, names: readonly string[] | null): Promise<Restored> {
    return this._call(`snapshots/${encodeURIComponent(id)}/restore`, {
      method: 'POST',
      body: { names }
    });
  }
}
