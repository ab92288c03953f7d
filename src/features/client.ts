/** The server's part of the features area. */

import type { Call } from '../api/client';
import type { Applied, FeatureViewDetail, FeatureViewPage } from '../api/types';

/** Requests about the feature catalogue. */
export class FeaturesClient {
  constructor(private readonly _call: Call) {}

  /** Views whose name, words or fields contain `search`; all when it is empty. */
  list(search: string, limit: number): Promise<FeatureViewPage> {
    return this._call('features', { query: { search: search || null, limit } });
  }

  /** One view with a preview of its values. */
  get(name: string): Promise<FeatureViewDetail> {
    return this._call(`features/${encodeURIComponent(name)}`);
  }

  /** Registers what the Python file at `path` (relative to the server's root) defines. */
  apply(path: string): Promise<Applied> {
    return this._call('features/apply', { method: 'POST', body: { path } });
  }
}
