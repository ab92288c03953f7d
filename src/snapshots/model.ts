/** What the History section shows: the snapshots of the current notebook. */

import type { IEvents } from '../api/events';
import type { Restored, Snapshot, Taken } from '../api/types';
import type { INotebook, INotebooks } from '../tokens';
import { SectionModel } from '../ui/section_model';
import type { SnapshotsClient } from './client';

const PAGE = 50;

/** Follows the current notebook. */
export class SnapshotsModel extends SectionModel {
  constructor(
    private readonly _notebooks: INotebooks,
    private readonly _client: SnapshotsClient,
    events: IEvents
  ) {
    super();
    _notebooks.currentChanged.connect(() => {
      this._forget();
      this.invalidate();
    });
    events.on(['snapshot_taken', 'snapshot_restored'], () => {
      this.invalidate();
    });
  }

  get count(): number | null {
    return this._total;
  }

  /** The notebook that is shown, or null when none is open. */
  get notebook(): INotebook | null {
    return this._notebooks.current;
  }

  /** Its snapshots, newest first. */
  get snapshots(): readonly Snapshot[] {
    return this._snapshots;
  }

  /** What the last restore did, until it is dismissed. */
  get restored(): Restored | null {
    return this._restored;
  }

  /** What is worth saying about the snapshot taken last; empty when nothing is. */
  get note(): string {
    return this._note;
  }

  /** Saves the notebook and takes a snapshot of it; null when that failed (see `error`). */
  async take(reason: string): Promise<Taken | null> {
    const { notebook } = this;
    if (!notebook) {
      return null;
    }
    const taken = await this.act('take', async () => {
      await notebook.save();
      return this._client.take(notebook.path, reason);
    });
    if (taken) {
      this._note = taken.note;
      await this.refresh();
    }
    return taken ?? null;
  }

  /** Brings the variables of a snapshot back into the live kernel. */
  async restore(id: string, names: readonly string[] | null = null): Promise<void> {
    const restored = await this.act('restore', () => this._client.restore(id, names));
    if (restored) {
      this._restored = restored;
      await this.refresh();
    }
  }

  /** Takes the messages about the last restore and snapshot off the screen. */
  dismiss(): void {
    this._restored = null;
    this._note = '';
    this.changed();
  }

  protected async load(): Promise<void> {
    const { notebook } = this;
    if (!notebook) {
      this._forget();
      return;
    }
    const page = await this._client.list(notebook.path, PAGE);
    if (notebook === this.notebook) {
      this._snapshots = page.snapshots;
      this._total = page.total;
    }
  }

  private _forget(): void {
    this._snapshots = [];
    this._total = null;
    this._restored = null;
    this._note = '';
    this.changed();
  }

  private _snapshots: readonly Snapshot[] = [];
  private _total: number | null = null;
  private _restored: Restored | null = null;
  private _note = '';
}
