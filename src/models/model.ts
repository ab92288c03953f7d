/** What the Runs & models section shows. */

import type { IEvents } from '../api/events';
import type { ModelVersion, RegisteredModel, Run } from '../api/types';
import type { INotebook, INotebooks } from '../tokens';
import { SectionModel } from '../ui/section_model';
import type { ModelsClient } from './client';

const PAGE = 30;

/** The newest runs and the registered models. */
export class ModelsModel extends SectionModel {
  constructor(
    private readonly _client: ModelsClient,
    events: IEvents,
    notebooks: INotebooks
  ) {
    super();
    // a cell that has run may have logged something: the server delivers it when it is asked for the runs
    const watch = ({ kernel }: INotebook): void => {
      kernel.pushed.connect(this.invalidate, this);
    };
    notebooks.all.forEach(watch);
    notebooks.opened.connect((_, notebook) => {
      watch(notebook);
    });
    events.on(['run_logged', 'model_registered'], () => {
      this._wholeRuns.clear();
      this.invalidate();
    });
  }

  get count(): number | null {
    return this._total;
  }

  /** The newest runs, newest first. */
  get runs(): readonly Run[] {
    return this._runs;
  }

  /** The registered models. */
  get models(): readonly RegisteredModel[] {
    return this._models;
  }

  /** A run as it was opened, with its models; as it was listed while that is fetched. */
  whole(run: Run): Run {
    return this._wholeRuns.get(run.run_id) ?? run;
  }

  /** The name under which a run logged its model, unless that says nothing or is not known. */
  nameOfModel(runId: string): string {
    const name = this._wholeRuns.get(runId)?.models[0]?.name ?? '';
    return name === 'model' ? '' : name;
  }

  /** Fetches what an opened run shows beyond its row. */
  async openRun(id: string): Promise<void> {
    const run = await this.act('open', () => this._client.run(id));
    if (run) {
      this._wholeRuns.set(id, run);
      this.changed();
    }
  }

  /** Fetches all versions of an opened model. */
  async openModel(name: string): Promise<void> {
    const whole = await this.act('open', () => this._client.registered(name));
    if (whole) {
      this._models = this._models.map(model => (model.name === name ? whole : model));
      this.changed();
    }
  }

  /** Registers the model of a run; null when that failed (see `error`). */
  async register(runId: string, name: string): Promise<ModelVersion | null> {
    const version = await this.act('register', () => this._client.register(runId, name));
    if (version) {
      await this.refresh();
    }
    return version ?? null;
  }

  protected async load(): Promise<void> {
    const [runs, models] = await Promise.all([this._client.runs(PAGE), this._client.models()]);
    this._runs = runs.runs;
    this._total = runs.total;
    this._models = models.models;
  }

  private readonly _wholeRuns = new Map<string, Run>();
  private _runs: readonly Run[] = [];
  private _models: readonly RegisteredModel[] = [];
  private _total: number | null = null;
}
