/** The server's part of the models area. */

import type { Call } from '../api/client';
import type { ModelPage, ModelVersion, RegisteredModel, Run, RunPage } from '../api/types';

/** Requests about runs and registered models. */
export class ModelsClient {
  constructor(private readonly _call: Call) {}

  /** The newest runs. */
  runs(limit: number): Promise<RunPage> {
    return this._call('runs', { query: { limit } });
  }

  /** One run, with the models that it logged. */
  run(id: string): Promise<Run> {
    return this._call(`runs/${encodeURIComponent(id)}`);
  }

  /** One registered model, with all its versions. */
  registered(name: string): Promise<RegisteredModel> {
    return this._call(`models/${encodeURIComponent(name)}`);
  }

  models(): Promise<ModelPage> {
    return this._call('models');
  }

  /** Registers the model that a run logged under `name`, as its next version. */
  register(runId: string, name: string): Promise<ModelVersion> {
    return this._call(`runs/${encodeURIComponent(runId)}/register`, {
      method: 'POST',
      body: { name }
    });
  }
}
