/** What the History section shows: how the states of the current notebook follow each other. */

import type { IEvents } from '../api/events';
import type { DiskUsage, Entry, Snapshot, Taken, Timeline } from '../api/types';
import type { INotebook, INotebooks } from '../tokens';
import { SectionModel } from '../ui/section_model';
import type { AutoChoice } from './auto';
import type { IWhere, SnapshotsClient, Which } from './client';
import { askWhere } from './client';
import { Travel } from './travel';
import { Turns } from './turns';

const PAGE = 60;
const EVENTS = ['snapshot_taken', 'snapshot_restored', 'snapshots_removed', 'snapshots_purged'];
const NOTHING: Timeline = { entries: [], total: 0, cursor: null, same: {}, last_clean: null };

/** Follows the current notebook. */
export class SnapshotsModel extends SectionModel {
  constructor(
    private readonly _notebooks: INotebooks,
    private readonly _client: SnapshotsClient,
    events: IEvents,
    private readonly _auto: AutoChoice
  ) {
    super();
    this.travel = new Travel(this, _client, {
      act: (name, action) => {
        this._note = ''; // it is about what was done before
        return this.act(name, action);
      },
      changed: () => {
        this.changed();
      }
    });
    this.turns = new Turns(this, () => {
      this.changed();
    });
    _notebooks.currentChanged.connect(() => {
      this._follow();
    });
    _auto.changed.connect(() => {
      this.changed();
    });
    events.on(EVENTS, () => {
      this.invalidate();
    });
    events.on(['snapshots_purged'], () => void this._lookAgain());
    this._follow();
  }

  /** Going back and forth. */
  readonly travel: Travel;

  /** Every way back or forth is gone in its turn, by whatever key or button it was asked for. */
  readonly turns: Turns;

  /** Whether a way back or forth can be asked for: at once, or in its turn after those under way. */
  get canTravel(): boolean {
    return this.busyWith === null || this.turns.isTaken;
  }

  get count(): number | null {
    return this._isLoaded ? this._timeline.total : null;
  }

  /** The notebook that is shown, or null when none is open. */
  get notebook(): INotebook | null {
    return this._notebooks.current;
  }

  /** The states that are shown, newest first. */
  get entries(): readonly Entry[] {
    return this._timeline.entries;
  }

  /** How many there are of the kind that is shown. */
  get total(): number {
    return this._timeline.total;
  }

  /** Whether no state of the notebook was ever kept, of whatever kind. */
  get isEmpty(): boolean {
    return !this._hasAny;
  }

  /** Whether there are more than are shown. */
  get hasMore(): boolean {
    return this._timeline.cursor !== null;
  }

  /** Which kind is shown. */
  get which(): Which {
    return this._which;
  }

  /** Shows another kind. */
  filter(which: Which): void {
    this._which = which;
    this._shown = PAGE;
    this.invalidate();
    this.changed();
  }

  /** Where the kernel stands; null while it has not said. */
  get where(): IWhere | null {
    return this._where;
  }

  /** The entry at which the kernel stands, or null. */
  get here(): string | null {
    const at = this._where?.snapshot ?? null;
    return at === null ? null : this._timeline.same[at] || at;
  }

  /** The newest state in which nothing was stale or had failed, or null. */
  get lastClean(): string | null {
    return this._timeline.last_clean;
  }

  /** How much disk snapshots take; null while that is not known. */
  get usage(): DiskUsage | null {
    return this._usage;
  }

  /** When snapshots of this notebook are taken by themselves. */
  get auto(): string {
    return this.notebook ? this._auto.of(this.notebook) : 'off';
  }

  /** What is worth saying about what was done last; empty when nothing is. */
  get note(): string {
    return this._note;
  }

  /** The file that the note is about, or null. */
  get noteFile(): string | null {
    return this._noteFile;
  }

  /** An entry that is shown, or null. */
  entry(id: string | null): Entry | null {
    return this.entries.find(entry => entry.id === id) ?? null;
  }

  /** A snapshot with its variables, if it was asked for by `look`. */
  details(id: string): Snapshot | null {
    return this._details.get(id) ?? null;
  }

  /** Fetches a snapshot with its variables. Never rejects. */
  async look(id: string): Promise<void> {
    const found = await this.act('look', () => this._client.get(id));
    if (found) {
      this._details.set(id, found);
      this.changed();
    }
  }

  /** Shows more entries. */
  more(): void {
    this._shown *= 2; // the oldest of thousands are a few clicks away
    this.invalidate();
  }

  /** Saves the notebook and takes a snapshot of it; null when that failed (see `error`). */
  async take(reason: string): Promise<Taken | null> {
    const { notebook } = this;
    if (!notebook) {
      return null;
    }
    this._note = '';
    const taken = await this.act('take', async () => {
      await notebook.save();
      return this._client.take(notebook.path, reason);
    });
    if (taken) {
      await this.say(taken.note);
    }
    return taken ?? null;
  }

  /** Shows a note, and what is true now. `file`: what it is about, to be downloaded. */
  async say(note: string, file: string | null = null): Promise<void> {
    this._note = note;
    this._noteFile = file;
    await this.refresh();
  }

  /** Takes the note off the screen. */
  dismiss(): void {
    this._note = '';
    this.changed();
  }

  /** Learns what is true now: nobody may look, or a key came before the screen had followed. Never rejects. */
  async learn(): Promise<void> {
    await this._locating; // it may have been asked before what was done last
    await this.refresh();
    await this._locate();
  }

  /** Says when snapshots of this notebook are taken by themselves; null: as in the settings. */
  async setAuto(mode: string | null): Promise<void> {
    const { notebook } = this;
    if (notebook) {
      await this.act('auto', () => this._auto.choose(notebook, mode));
      await this._locate();
    }
  }

  /** Calls a snapshot something. */
  async name(id: string, name: string): Promise<void> {
    await this.act('name', () => this._client.name(id, name));
    await this.refresh();
  }

  /** Does something with the server and shows what is true then; null when it failed (see `error`). */
  async manage<T>(
    name: string,
    action: (client: SnapshotsClient) => Promise<T>
  ): Promise<T | null> {
    this._note = '';
    const done = await this.act(name, () => action(this._client));
    if (done !== undefined) {
      await this.refresh();
    }
    return done ?? null;
  }

  protected async load(): Promise<void> {
    const { notebook } = this;
    if (!notebook) {
      this._forget();
      return;
    }
    void this._locate();
    const { _which: which } = this;
    const found = await this._client.timeline(notebook.path, which, this._shown, null);
    if (notebook === this.notebook) {
      this._timeline = found;
      this._hasAny = found.total > 0 || (which !== 'all' && this._hasAny);
      this._isLoaded = true;
    }
    void this._weigh();
  }

  /** Asks the kernel where it stands; it answers when no cell runs. */
  private async _locate(): Promise<void> {
    const { notebook } = this;
    if (notebook?.kernel.state !== 'ready') {
      this._where = null;
      this.changed();
      return;
    }
    this._locating ??= this._ask(notebook).finally(() => {
      this._locating = null;
      this.changed();
    });
    await this._locating;
  }

  private async _ask(notebook: INotebook): Promise<void> {
    try {
      const where = await askWhere(notebook.kernel);
      if (notebook === this.notebook) {
        this._where = where;
      }
    } catch {
      this._where = null; // it went away, or its mlnb is older
    }
  }

  /** What was looked at is no longer as it was. Never rejects. */
  private async _lookAgain(): Promise<void> {
    for (const id of this._details.keys()) {
      await this.look(id);
    }
  }

  private async _weigh(): Promise<void> {
    try {
      this._usage = await this._client.usage();
      this.changed();
    } catch {
      this._usage = null; // the sizes are missing then; whatever is wrong, an action will say it
    }
  }

  private _follow(): void {
    this._forget();
    this._stopFollowing();
    const { notebook } = this;
    if (notebook) {
      const again = (): void => {
        this.invalidate();
      };
      const onRun = (): void => {
        if (this.isActive) {
          void this._locate();
        }
      };
      const { kernel, document } = notebook;
      kernel.told.connect(again);
      kernel.stateChanged.connect(again);
      document.executed.connect(onRun);
      this._stopFollowing = () => {
        kernel.told.disconnect(again);
        kernel.stateChanged.disconnect(again);
        document.executed.disconnect(onRun);
      };
    }
    this.invalidate();
  }

  private _forget(): void {
    this._timeline = NOTHING;
    this._isLoaded = false;
    this._hasAny = false;
    this._where = null;
    this._note = '';
    this._shown = PAGE;
    this._details.clear();
    this.travel.forget();
    this.changed();
  }

  private readonly _details = new Map<string, Snapshot>();
  private _timeline: Timeline = NOTHING;
  private _which: Which = 'all';
  private _shown = PAGE;
  private _where: IWhere | null = null;
  private _usage: DiskUsage | null = null;
  private _note = '';
  private _noteFile: string | null = null;
  private _isLoaded = false;
  private _hasAny = false;
  private _locating: Promise<void> | null = null;
  private _stopFollowing: () => void = () => undefined;
}
