/** The server's part of the environments area. */

import type { Call } from '../api/client';
import type { NotebookEnvironment } from '../api/types';

/** Requests about environments. */
export class EnvsClient {
  constructor(private readonly _call: Call) {}

  /** The environment of a notebook's live kernel, or the server's own when it has none; empty: the server's. */
  ofNotebook(notebook: string): Promise<NotebookEnvironment> {
    return this._call('environment', { query: { notebook } });
  }
}
