/** The server's part of the environments area. */

import type { Call } from '../api/client';
import type { EnvironmentStatus, NotebookEnvironment } from '../api/types';

/** Requests about environments. */
export class EnvsClient {
  constructor(private readonly _call: Call) {}

  /** The environment of a notebook's live kernel, or the server's own when it has none; empty: the server's. */
  ofNotebook(notebook: string): Promise<NotebookEnvironment> {
    return this._call('environment', { query: { notebook } });
  }

  /** How it stands to the project's lock and to the notebook's last job, and what is wrong with it by itself. */
  status(notebook: string): Promise<EnvironmentStatus> {
    return this._call('environment/status', { query: { notebook } });
  }
}
