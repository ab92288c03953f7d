/** What a tab of a comparison shows: it is on its way, it failed, or how two states differ. Knows no screen. */

import type { IDisposable } from '@lumino/disposable';
import type { ISignal } from '@lumino/signaling';
import { Signal } from '@lumino/signaling';

import type { ApiError } from '../../api/client';
import { asApiError } from '../../api/client';
import type { Diff } from '../../api/types';

/** Side by side, or one under the other. */
export type Layout = 'unified' | 'split';

/** One comparison. */
export class DiffModel implements IDisposable {
  /**
   * @param _load asks the server.
   */
  constructor(private readonly _load: () => Promise<Diff>) {}

  /** Emitted when anything shown has changed. */
  get stateChanged(): ISignal<this, void> {
    return this._stateChanged;
  }

  /** How the states differ; null while that is not known. */
  get diff(): Diff | null {
    return this._diff;
  }

  /** Why it cannot be said, or null. */
  get error(): ApiError | null {
    return this._error;
  }

  get layout(): Layout {
    return this._layout;
  }
  set layout(value: Layout) {
    this._layout = value;
    this._changed();
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  /** Asks the server. Never rejects. */
  async refresh(): Promise<void> {
    this._error = null;
    this._changed();
    try {
      this._diff = await this._load();
    } catch (reason) {
      this._error = asApiError(reason);
    }
    this._changed();
  }

  dispose(): void {
    this._isDisposed = true;
    Signal.clearData(this);
  }

  private _changed(): void {
    if (!this._isDisposed) {
      this._stateChanged.emit();
    }
  }

  private readonly _stateChanged = new Signal<this, void>(this);
  private _diff: Diff | null = null;
  private _error: ApiError | null = null;
  private _layout: Layout = 'unified';
  private _isDisposed = false;
}
