/** Going back to an earlier state and forth again: first what it would do, then variables and document together. Knows no screen. */

import type { Entry, Preview, Restored } from '../api/types';
import type { IDocumentContent, INotebook } from '../tokens';
import type { ICellChange } from './changes';
import { changesFromDocuments } from './changes';
import type { IWhere, IWish, SnapshotsClient } from './client';
import { runsFrom } from './rerun';

/** What going back to one state would do, and what the user chose of it. Nothing has been done yet. */
export interface IPlan {
  readonly entry: Entry;
  readonly preview: Preview;
  /** The document as it was then; null: it was not kept. */
  readonly document: IDocumentContent | null;
  /** Cells that differ from what is on the screen; null without a document. */
  readonly changes: readonly ICellChange[] | null;
  /** The variables to bring back; null for all. */
  readonly names: ReadonlySet<string> | null;
  readonly withVariables: boolean;
  readonly withDocument: boolean;
  /** Whether cells are run again for what was not saved. */
  readonly recompute: boolean;
  /** The cell from which everything is run again, or null. */
  readonly from: string | null;
}

/** What was done, until it is dismissed. */
export interface IArrival {
  readonly kind: 'back' | 'undone' | 'redone' | 'run_undone';
  /** Where the kernel stands, if it is an entry that is known. */
  readonly entry: Entry | null;
  /** Null when only the document came back. */
  readonly restored: Restored | null;
  readonly withDocument: boolean;
  /** Whether cells were run again and one failed. */
  readonly isRerunFailed: boolean;
}

/** The history that is travelled in. */
export interface IMap {
  readonly notebook: INotebook | null;
  readonly where: IWhere | null;
  readonly here: string | null;
  readonly lastClean: string | null;
  readonly entries: readonly Entry[];
  entry(id: string | null): Entry | null;
  refresh(): Promise<void>;
}

/** How it acts and tells. */
export interface IActor {
  act<T>(name: string, action: () => Promise<T>): Promise<T | undefined>;
  changed(): void;
}

type Part = 'all' | 'outputs' | 'none';

/** Travels in the history of the current notebook. */
export class Travel {
  constructor(
    private readonly _map: IMap,
    private readonly _client: SnapshotsClient,
    private readonly _actor: IActor
  ) {}

  /** What is being considered, or null. */
  get plan(): IPlan | null {
    return this._plan;
  }

  /** What was done last, or null. */
  get arrival(): IArrival | null {
    return this._arrival;
  }

  /** The state before the last cell run, if it can be gone back to. */
  get beforeRun(): Entry | null {
    const { where, here } = this._map;
    const at = this._map.entry(here);
    if (!where || !at) {
      return null;
    }
    return where.runs > 0 ? at : this._map.entry(at.parent ?? null);
  }

  /** Whether a run that was undone can be done again: nothing ran since. */
  get canRedoRun(): boolean {
    const { where } = this._map;
    const last = this._undone.at(-1);
    return last !== undefined && where !== null && where.snapshot === last && where.runs === 0;
  }

  /** Looks what going back to a state would do. */
  async consider(entry: Entry): Promise<void> {
    const { notebook } = this._map;
    if (!notebook) {
      return;
    }
    const plan = await this._actor.act('preview', async (): Promise<IPlan> => {
      const preview = await this._client.preview(entry.id, notebook.path);
      const document = entry.has_document ? await this._client.document(entry.id) : null;
      return {
        entry,
        preview,
        document,
        changes: document && changesFromDocuments(notebook.document.content(), document),
        names: null,
        withVariables: preview.has_kernel && entry.has_kernel && !preview.needs_consent,
        withDocument: document !== null && !notebook.document.isReadOnly,
        recompute: false,
        from: null
      };
    });
    if (plan && notebook === this._map.notebook) {
      this._arrival = null;
      this._plan = plan;
      this._actor.changed();
    }
  }

  /** Changes what is chosen. */
  choose(
    choice: Partial<Pick<IPlan, 'names' | 'withVariables' | 'withDocument' | 'recompute' | 'from'>>
  ): void {
    if (this._plan) {
      this._plan = { ...this._plan, ...choice };
      this._actor.changed();
    }
  }

  /** Thinks better of it. */
  cancel(): void {
    this._plan = null;
    this._actor.changed();
  }

  /** Does what was considered. `trust`: the user trusts who made the snapshot, so that its variables are loaded. */
  async go(trust = false): Promise<void> {
    const { plan } = this;
    const { notebook } = this._map;
    if (!plan || !notebook) {
      return;
    }
    const names = plan.names ? [...plan.names] : null;
    const start = plan.from ? this._before(plan.entry, plan.from) : plan.entry;
    const wish = trust || plan.withVariables ? { names, trust, recompute: plan.recompute } : null;
    await this._go(notebook, start ?? plan.entry, wish, {
      part: plan.withDocument ? 'all' : 'none',
      document: plan.document,
      shown: plan.entry,
      rerun: plan.from ? runsFrom(plan.document ?? notebook.document.content(), plan.from) : []
    });
  }

  /** Goes at once to the last state in which nothing was stale or had failed. */
  async backToClean(): Promise<void> {
    const entry = this._map.entry(this._map.lastClean);
    const { notebook } = this._map;
    if (entry && notebook) {
      await this._go(notebook, entry, ALL, { part: entry.has_document ? 'all' : 'none' });
    }
  }

  /** Brings the variables of a state into a new kernel; the document stays as it is. */
  async resume(entry: Entry): Promise<void> {
    const { notebook } = this._map;
    if (notebook) {
      await this._go(notebook, entry, ALL, { part: 'none' });
    }
  }

  /** Undoes the last cell run: its variables and outputs; what was typed stays. */
  async undoRun(): Promise<void> {
    const { notebook } = this._map;
    const entry = this.beforeRun;
    const undone = this.canRedoRun ? this._undone : [];
    if (entry && notebook) {
      const part = entry.has_document ? 'outputs' : 'none';
      await this._go(notebook, entry, ALL, {
        part,
        kind: 'run_undone',
        undone: [...undone, entry.id]
      });
    }
  }

  /** Does a run that was undone again: brings back what it had made. */
  async redoRun(): Promise<void> {
    if (this.canRedoRun) {
      await this._step(false, 'outputs', 'redone', this._undone.slice(0, -1));
    }
  }

  /** Takes the last restore back. */
  async undo(): Promise<void> {
    const isRun = this._arrival?.kind === 'run_undone';
    const undone = isRun ? this._undone.slice(0, -1) : [];
    await this._step(false, isRun ? 'outputs' : this._part, 'undone', undone);
  }

  /** Does again what `undo` took back. */
  async redo(): Promise<void> {
    await this._step(true, this._part, 'redone', this._undone);
  }

  /** Takes the message about the last restore off the screen. */
  dismiss(): void {
    this._arrival = null;
    this._actor.changed();
  }

  /** Another notebook is shown. */
  forget(): void {
    this._plan = null;
    this._arrival = null;
    this._undone = [];
    this._part = 'all';
  }

  private async _go(
    notebook: INotebook,
    entry: Entry,
    wish: IWish | null,
    how: {
      readonly part: Part;
      readonly document?: IDocumentContent | null;
      readonly shown?: Entry;
      readonly rerun?: readonly string[];
      readonly kind?: IArrival['kind'];
      /** The states that runs are undone to then. */
      readonly undone?: readonly string[];
    }
  ): Promise<void> {
    const { part, rerun = [], kind = 'back', undone = [] } = how;
    const before = notebook.document.content();
    const done = await this._actor.act('restore', async () => {
      const document =
        part === 'none' ? null : (how.document ?? (await this._client.document(entry.id)));
      await this._client.keep(notebook.path, before, this._map.where?.snapshot ?? null);
      const restored = wish && (await this._client.restore(entry.id, notebook.path, wish));
      await this._arrive(notebook, restored, before, document, part, entry.is_trusted);
      const isRerun = rerun.length === 0 || (await notebook.run(rerun));
      return { restored, isRerun };
    });
    if (done) {
      this._part = part;
      this._undone = undone; // before it is told: a key may follow at once
      this._tell({
        kind,
        entry: how.shown ?? entry,
        restored: done.restored,
        withDocument: part === 'all',
        isRerunFailed: !done.isRerun
      });
      await this._map.refresh();
    }
  }

  /** One step of the kernel's own undo or redo, with the document that it had there. */
  private async _step(
    redo: boolean,
    part: Part,
    kind: IArrival['kind'],
    undone: readonly string[]
  ): Promise<void> {
    const { notebook } = this._map;
    if (!notebook) {
      return;
    }
    const before = notebook.document.content();
    const restored = await this._actor.act(redo ? 'redo' : 'undo', async () => {
      const done = await this._client.undo(notebook.path, redo);
      const document = part === 'none' ? null : await this._client.document(done.id);
      await this._arrive(notebook, done, before, document, part, true);
      return done;
    });
    if (restored) {
      const entry = this._map.entry(restored.id);
      // the kernel stands at what was there before the last run was undone: another id than that of the state undone to
      this._undone = redo || undone.length === 0 ? undone : [...undone.slice(0, -1), restored.id];
      this._tell({ kind, entry, restored, withDocument: part === 'all', isRerunFailed: false });
      await this._map.refresh();
    }
  }

  /** The state that was replaced gets the document that it had; then the document changes, in one edit. */
  private async _arrive(
    notebook: INotebook,
    restored: Restored | null,
    before: IDocumentContent,
    document: IDocumentContent | null,
    part: Part,
    isTrusted: boolean
  ): Promise<void> {
    if (restored?.undo) {
      await this._client.attach(restored.undo, notebook.path, before, null);
    }
    if (document && part !== 'none') {
      notebook.document.replace(document, part, isTrusted && notebook.isTrusted);
    }
  }

  /** The state before the cell `cellId` ran last on the way to `entry`; null when that is not among those known. */
  private _before(entry: Entry, cellId: string): Entry | null {
    let at: Entry | null = entry;
    while (at && at.cell_id !== cellId) {
      at = this._map.entry(at.parent ?? null);
    }
    return at && this._map.entry(at.parent ?? null);
  }

  private _tell(arrival: IArrival): void {
    this._plan = null; // it was made for where the kernel stood before
    this._arrival = arrival;
    this._actor.changed();
  }

  private _plan: IPlan | null = null;
  private _arrival: IArrival | null = null;
  /** The states that runs were undone to, the last at the end. */
  private _undone: readonly string[] = [];
  /** What of the document the last restore changed. */
  private _part: Part = 'all';
}

const ALL: IWish = { names: null, trust: false, recompute: false };
