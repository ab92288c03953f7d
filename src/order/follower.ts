/** Keeps the kernel's picture of one open notebook current, and its marks on the cells. Knows no screen. */

import type { ISignal } from '@lumino/signaling';
import { Signal } from '@lumino/signaling';

import type { ApiError } from '../api/client';
import { asApiError } from '../api/client';
import type { OrderPolicy } from '../api/types';
import type { ICell, ICellMark, INotebook } from '../tokens';
import type { ModeChoice } from './choice';
import type { ICellOrder, IDocument, IOrderStatus, KeptTag, OrderMode } from './client';
import { askStatus, inForce, KEPT_TAGS, syncOrder, vouch } from './client';
import { askGraph } from './graph';

/** The modes in which runs are asked about, and for which the inputs of cells are kept at hand. */
const ASKING: readonly OrderMode[] = ['warn', 'reactive', 'block'];

/** Follows one notebook until it is closed. */
export class OrderFollower {
  /**
   * @param notebook - whom to follow
   * @param _choice - which mode is asked for
   * @param _say - state and reasons of a cell as one sentence, translated
   * @param _askPolicy - what settings and the team's policy say of the notebook at a path; asked where the kernel cannot say it
   */
  constructor(
    readonly notebook: INotebook,
    private readonly _choice: ModeChoice,
    private readonly _say: (order: ICellOrder) => string,
    private readonly _askPolicy: (path: string) => Promise<OrderPolicy>
  ) {
    const again = (): void => void this.refresh();
    notebook.changed.connect(() => {
      if (this._isChanged()) {
        again();
      }
    });
    notebook.kernel.pushed.connect((_, event) => {
      if (event === 'order_changed') {
        again();
      }
    });
    notebook.kernel.stateChanged.connect(() => {
      this._synced = null;
      this._followPolicy();
      again();
    });
    _choice.ownChanged.connect(again, this);
    notebook.closed.connect(() => {
      _choice.ownChanged.disconnect(again, this);
      Signal.clearData(this);
    });
    this._followPolicy();
    again();
  }

  /** Emitted when anything of it has changed. */
  get changed(): ISignal<this, void> {
    return this._changed;
  }

  /** Where the cells stand; null while mlnb in the kernel does not answer. */
  get status(): IOrderStatus | null {
    return this._status;
  }

  /** The cells as they were when the kernel was told last, in document order. */
  get cells(): readonly ICell[] {
    return this._cells;
  }

  /** Why the kernel could not say, or null. */
  get error(): ApiError | null {
    return this._error;
  }

  /** The mode in force as far as it is known. */
  get mode(): OrderMode {
    const asked = this._choice.asked(this.notebook) ?? this._policy?.mode ?? 'mark';
    return this._status?.mode ?? inForce(this.floor, asked);
  }

  /** The mildest mode that the team's policy allows, as far as it means anything in the kernel's language; null without one. */
  get floor(): OrderMode | null {
    const floor = this._policy?.floor ?? null;
    return this._status ? this._status.floor : floor === 'linear' ? floor : null;
  }

  /** Ends when the policy is known where the kernel cannot say it; null once there is nothing to wait for. Never rejects. */
  get policyAsked(): Promise<void> | null {
    return this._policyAsked;
  }

  /** Whether a cell has a tag that keeps it from running. */
  get hasKept(): boolean {
    return this._cells.some(cell => keptBy(cell) !== null);
  }

  /** The cells that each cell reads from, as the kernel last said; known in the modes that ask about runs. */
  get inputs(): ReadonlyMap<string, readonly string[]> {
    return this._inputs;
  }

  /** Brings the kernel's picture up to date and asks where the cells stand; overlapping calls become one more round. Never rejects. */
  async refresh(): Promise<void> {
    this._isOutdated = true;
    this._running ??= this._askUntilCurrent();
    await this._running;
  }

  /** Sees to it that the kernel knows the document as it is now. Rejects with an ApiError. */
  async sync(): Promise<void> {
    await (this._isChanged() ? this._sync() : this._syncing);
  }

  /** Says on the user's word that a cell is fresh. Rejects with an ApiError. */
  async vouch(cellId: string): Promise<void> {
    this._set(await vouch(this.notebook.kernel, cellId), null);
  }

  /** A kernel of another language knows no policy: what the server says then holds. */
  private _followPolicy(): void {
    if (this.notebook.kernel.state !== 'foreign') {
      this._policy = null;
      this._policyAsked = null;
      return;
    }
    const asked = this._askPolicy(this.notebook.path)
      .then(
        policy => {
          this._policy = policy;
        },
        (reason: unknown) => {
          console.warn("mlnb: could not ask for the team's policy on order.", reason);
        }
      )
      .finally(() => {
        if (this._policyAsked === asked) {
          this._policyAsked = null;
          this._changed.emit();
        }
      });
    this._policyAsked = asked;
  }

  private async _askUntilCurrent(): Promise<void> {
    while (this._isOutdated) {
      this._isOutdated = false;
      await this._ask();
    }
    this._running = null;
  }

  private async _ask(): Promise<void> {
    const { kernel } = this.notebook;
    if (kernel.state !== 'ready') {
      this._cells = this.notebook.cells();
      this._inputs = new Map();
      this._set(null, null);
      return;
    }
    try {
      if (this._isChanged()) {
        await this._sync();
      } else {
        this._set(await askStatus(kernel), null);
      }
      await this._askInputs();
    } catch (reason) {
      this._synced = null;
      this._set(null, asApiError(reason));
    }
  }

  private _sync(): Promise<void> {
    const document = this._document();
    this._synced = document;
    this._cells = document.cells;
    this._syncing = syncOrder(this.notebook.kernel, document).then(
      status => {
        this._set(status, null);
      },
      (reason: unknown) => {
        this._synced = null;
        throw reason;
      }
    );
    return this._syncing;
  }

  private async _askInputs(): Promise<void> {
    if (!ASKING.includes(this.mode)) {
      this._inputs = new Map();
      return;
    }
    const inputs = new Map<string, string[]>();
    for (const { source, target } of (await askGraph(this.notebook.kernel)).edges) {
      inputs.set(target, [...(inputs.get(target) ?? []), source]);
    }
    this._inputs = inputs;
  }

  private _document(): IDocument {
    const { notebook } = this;
    return {
      cells: notebook.cells(),
      mode: this._choice.asked(notebook),
      trusted: notebook.isTrusted
    };
  }

  private _isChanged(): boolean {
    const { _synced: synced } = this;
    return !synced || !isSameDocument(synced, this._document());
  }

  private _set(status: IOrderStatus | null, error: ApiError | null): void {
    this._status = status;
    this._error = error;
    this.notebook.mark(marksFromStatus(status, this._cells, this._say));
    this._changed.emit();
  }

  private readonly _changed = new Signal<this, void>(this);
  private _status: IOrderStatus | null = null;
  private _policy: OrderPolicy | null = null;
  private _policyAsked: Promise<void> | null = null;
  private _cells: readonly ICell[] = [];
  private _inputs: ReadonlyMap<string, readonly string[]> = new Map();
  private _error: ApiError | null = null;
  private _synced: IDocument | null = null;
  private _syncing: Promise<void> = Promise.resolve();
  private _running: Promise<void> | null = null;
  private _isOutdated = false;
}

/** The tag that keeps a code cell from running, or null. */
export function keptBy(cell: ICell): KeptTag | null {
  return cell.cell_type === 'code'
    ? (KEPT_TAGS.find(tag => cell.tags?.includes(tag)) ?? null)
    : null;
}

/** The marks to show: one for each code cell with code in it that is kept or not fresh; none when order is off. */
export function marksFromStatus(
  status: IOrderStatus | null,
  cells: readonly ICell[],
  say: (order: ICellOrder) => string
): Map<string, ICellMark> {
  const marks = new Map<string, ICellMark>();
  if (!status || status.mode === 'off') {
    return marks;
  }
  for (const cell of cells) {
    const order = status.cells[cell.id];
    if (cell.cell_type !== 'code' || !cell.source.trim() || !order) {
      continue;
    }
    const state = order.kept || order.state;
    if (state !== 'fresh') {
      marks.set(cell.id, { state, text: say(order) });
    }
  }
  return marks;
}

function isSameDocument(one: IDocument, other: IDocument): boolean {
  return (
    one.mode === other.mode &&
    one.trusted === other.trusted &&
    one.cells.length === other.cells.length &&
    one.cells.every((cell, index) => {
      const now = other.cells[index];
      return (
        now !== undefined &&
        cell.id === now.id &&
        cell.cell_type === now.cell_type &&
        cell.source === now.source &&
        cell.tags?.join() === now.tags?.join()
      );
    })
  );
}
