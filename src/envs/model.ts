/** What the Environment section shows: what is installed where the current notebook runs. */

import type { NotebookEnvironment } from '../api/types';
import type { INotebook, INotebooks } from '../tokens';
import { SectionModel } from '../ui/section_model';
import type { EnvsClient } from './client';

type Distribution = NotebookEnvironment['environment']['distributions'][number];

/** Follows the current notebook and its kernel. */
export class EnvsModel extends SectionModel {
  constructor(
    private readonly _notebooks: INotebooks,
    private readonly _client: EnvsClient
  ) {
    super();
    _notebooks.currentChanged.connect(this._follow, this);
    this._follow();
  }

  get count(): number | null {
    return this._shown?.environment.distributions.length ?? null;
  }

  /** The environment, or null while it is not known. */
  get shown(): NotebookEnvironment | null {
    return this._shown;
  }

  /** What package names must contain to be listed. */
  get filter(): string {
    return this._filter;
  }

  /** Lists only packages whose name contains `text`. */
  filterBy(text: string): void {
    this._filter = text;
    this.changed();
  }

  /** The packages that match the filter, by name. */
  get packages(): readonly Distribution[] {
    const wanted = this._filter.trim().toLowerCase();
    const all = this._shown?.environment.distributions ?? [];
    return all.filter(({ name }) => name.toLowerCase().includes(wanted));
  }

  protected async load(): Promise<void> {
    this._shown = await this._client.ofNotebook(this._notebooks.current?.path ?? '');
  }

  private _follow(): void {
    this._followed?.kernel.stateChanged.disconnect(this.invalidate, this);
    this._followed = this._notebooks.current;
    this._followed?.kernel.stateChanged.connect(this.invalidate, this);
    this.invalidate();
  }

  private _followed: INotebook | null = null;
  private _shown: NotebookEnvironment | null = null;
  private _filter = '';
}
