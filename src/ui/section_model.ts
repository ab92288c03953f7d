/** What every section's model does: load when seen, merge overlapping loads, say what went wrong. Knows no screen. */

import type { IDisposable } from '@lumino/disposable';
import type { ISignal } from '@lumino/signaling';
import { Signal } from '@lumino/signaling';

import type { ApiError } from '../api/client';
import { asApiError } from '../api/client';
import type { ISectionModel } from '../tokens';

/** `new`: never loaded; `loading`: the first load is on its way; later loads keep what is shown. */
export type LoadState = 'new' | 'loading' | 'ready' | 'failed';

/** Base of the sections' models. A subclass implements `load()` and calls `changed()` after it changed itself. */
export abstract class SectionModel implements ISectionModel, IDisposable {
  /** How many things there are to see; null while that is not known. */
  abstract get count(): number | null;

  /** Emitted when anything shown has changed. */
  get stateChanged(): ISignal<this, void> {
    return this._stateChanged;
  }

  /** Where the first load stands. */
  get loadState(): LoadState {
    return this._loadState;
  }

  /** Why the last load or action failed, or null. */
  get error(): ApiError | null {
    return this._error;
  }

  /** Name of the action that is under way, or null. */
  get busyWith(): string | null {
    return this._busyWith;
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  get isActive(): boolean {
    return this._isActive;
  }
  set isActive(value: boolean) {
    this._isActive = value;
    if (value && this._isOutdated) {
      void this.refresh();
    }
  }

  /** Loads again now, or as soon as the load under way has ended; overlapping calls become one. Never rejects. */
  async refresh(): Promise<void> {
    this._isOutdated = true;
    if (this._running) {
      return this._running;
    }
    this._running = this._loadUntilCurrent();
    try {
      await this._running;
    } finally {
      this._running = null;
    }
  }

  /** What is shown is no longer current: loads again if somebody looks, else when somebody does. */
  invalidate(): void {
    this._isOutdated = true;
    if (this._isActive) {
      void this.refresh();
    }
  }

  /** Takes the message of a failed action off the screen. */
  dismissError(): void {
    this._error = null;
    this.changed();
  }

  dispose(): void {
    this._isDisposed = true;
    Signal.clearData(this);
  }

  /** Fetches what is shown. */
  protected abstract load(): Promise<void>;

  /** Tells the screen. */
  protected changed(): void {
    if (!this._isDisposed) {
      this._stateChanged.emit();
    }
  }

  /** Does something the user asked for; a failure is shown and answered as undefined. */
  protected async act<T>(name: string, action: () => Promise<T>): Promise<T | undefined> {
    this._busyWith = name;
    this._error = null;
    this.changed();
    try {
      return await action();
    } catch (reason) {
      this._error = asApiError(reason);
      this._isLoadError = false;
      return undefined;
    } finally {
      this._busyWith = null;
      this.changed();
    }
  }

  private async _loadUntilCurrent(): Promise<void> {
    while (this._isOutdated && !this._isDisposed) {
      this._isOutdated = false;
      if (this._loadState !== 'ready') {
        this._loadState = 'loading';
        this.changed();
      }
      try {
        await this.load();
        this._loadState = 'ready';
        if (this._isLoadError) {
          this._error = null; // what an action failed with stays until it is read
        }
      } catch (reason) {
        this._error = asApiError(reason);
        this._isLoadError = true;
        this._loadState = this._loadState === 'ready' ? 'ready' : 'failed';
      }
      this.changed();
    }
  }

  private readonly _stateChanged = new Signal<this, void>(this);
  private _loadState: LoadState = 'new';
  private _error: ApiError | null = null;
  private _isLoadError = false;
  private _busyWith: string | null = null;
  private _running: Promise<void> | null = null;
  private _isOutdated = true;
  private _isActive = false;
  private _isDisposed = false;
}
