/** When snapshots are taken by themselves: what the settings say, unless the user chose otherwise for a notebook. */

import type { ISignal } from '@lumino/signaling';
import { Signal } from '@lumino/signaling';

import type { INotebook } from '../tokens';
import { setAuto } from './client';

const AREA = 'snapshots';
const NAME = 'auto';

/** The mode of each notebook. */
export class AutoChoice {
  /** Emitted when the settings change. */
  get changed(): ISignal<this, void> {
    return this._changed;
  }

  /** The mode of notebooks that have no choice of their own; `default`: as the kernel was started. */
  get own(): string {
    return this._own;
  }
  set own(value: string) {
    if (value !== this._own) {
      this._own = value;
      this._changed.emit();
    }
  }

  /** The mode of a notebook. */
  of(notebook: INotebook): string {
    const chosen = notebook.choice(AREA, NAME);
    return typeof chosen === 'string' ? chosen : this._own;
  }

  /** Keeps what the user chose for a notebook, null for nothing, and tells its kernel. Rejects with an ApiError. */
  async choose(notebook: INotebook, mode: string | null): Promise<void> {
    notebook.choose(AREA, NAME, mode);
    await this.tell(notebook);
  }

  /** Tells a notebook's kernel its mode. Rejects with an ApiError. */
  async tell(notebook: INotebook): Promise<void> {
    const mode = this.of(notebook);
    if (mode !== 'default' && notebook.kernel.state === 'ready') {
      await setAuto(notebook.kernel, mode);
    }
  }

  private readonly _changed = new Signal<this, void>(this);
  private _own = 'each_run';
}
