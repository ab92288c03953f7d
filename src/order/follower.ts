/** Keeps the kernel's picture of one open notebook current, and its marks on the cells. Knows no screen. */

import type { ISignal } from '@lumino/signaling';
import { Signal } from '@lumino/signaling';

import type { ApiError } from '../api/client';
import { asApiError } from '../api/client';
import type { ICell, ICellMark, INotebook } from '../tokens';
import type { ICellOrder, IOrderStatus } from './client';
import { syncedStatus } from './client';

/** Follows one notebook until it is closed. */
export class OrderFollower {
  /**
   * @param notebook - whom to follow
   * @param _say - state and reasons of a cell as one sentence, translated
   */
  constructor(
    readonly notebook: INotebook,
    private readonly _say: (order: ICellOrder) => string
  ) {
    const again = (): void => void this.refresh();
    notebook.changed.connect(again);
    notebook.kernel.pushed.connect(again);
    notebook.kernel.stateChanged.connect(again);
    notebook.closed.connect(() => {
      Signal.clearData(this);
    });
    again();
  }

  /** Emitted when `status`, `cells` or `error` have changed. */
  get changed(): ISignal<this, void> {
    return this._changed;
  }

  /** Where the cells stand; null while mlnb in the kernel does not answer. */
  get status(): IOrderStatus | null {
    return this._status;
  }

  /** The cells that `status` is about, in document order. */
  get cells(): readonly ICell[] {
    return this._cells;
  }

  /** Why the kernel could not say, or null. */
  get error(): ApiError | null {
    return this._error;
  }

  /** Syncs and asks again; overlapping calls become one more round. Never rejects. */
  async refresh(): Promise<void> {
    this._isOutdated = true;
    if (this._isRunning) {
      return;
    }
    this._isRunning = true;
    while (this._isOutdated) {
      this._isOutdated = false;
      await this._ask();
    }
    this._isRunning = false;
  }

  private async _ask(): Promise<void> {
    const { kernel } = this.notebook;
    if (kernel.state !== 'ready') {
      this._set(null, [], null);
      return;
    }
    const cells = this.notebook.cells();
    try {
      this._set(await syncedStatus(kernel, cells), cells, null);
    } catch (reason) {
      this._set(null, cells, asApiError(reason));
    }
  }

  private _set(status: IOrderStatus | null, cells: readonly ICell[], error: ApiError | null): void {
    this._status = status;
    this._cells = cells;
    this._error = error;
    this.notebook.mark(marksFromStatus(status, cells, this._say));
    this._changed.emit();
  }

  private readonly _changed = new Signal<this, void>(this);
  private _status: IOrderStatus | null = null;
  private _cells: readonly ICell[] = [];
  private _error: ApiError | null = null;
  private _isRunning = false;
  private _isOutdated = false;
}

/** The marks to show: one for each code cell with code in it that is not fresh; none when order is off. */
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
    const { state } = order;
    if (state === 'stale' || state === 'edited' || state === 'never_run') {
      marks.set(cell.id, { state, text: say(order) });
    }
  }
  return marks;
}
