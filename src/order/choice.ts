/** Which mode somebody chose: for one notebook, in its metadata, or for all of them, in the settings. */

import type { ISignal } from '@lumino/signaling';
import { Signal } from '@lumino/signaling';

import type { INotebook } from '../tokens';
import type { OrderMode } from './client';
import { modeFrom } from './client';

const AREA = 'order';
const NAME = 'mode';

/** The user's own mode, and what is chosen in notebooks. */
export class ModeChoice {
  /** The mode of the user's settings; null leaves it to mlnb's own setting (`order.mode`). */
  get own(): OrderMode | null {
    return this._own;
  }
  set own(mode: OrderMode | null) {
    if (mode !== this._own) {
      this._own = mode;
      this._ownChanged.emit();
    }
  }

  /** Emitted when the mode of the settings has changed. */
  get ownChanged(): ISignal<this, void> {
    return this._ownChanged;
  }

  /** The mode that a person chose for this notebook; null for "as in my settings". */
  in(notebook: INotebook): OrderMode | null {
    return modeFrom(notebook.choice(AREA, NAME));
  }

  /** Keeps a person's choice in the notebook's metadata; null takes it out. */
  set(notebook: INotebook, mode: OrderMode | null): void {
    notebook.choose(AREA, NAME, mode);
  }

  /** The mode asked for, by the notebook or else by the settings. */
  asked(notebook: INotebook): OrderMode | null {
    return this.in(notebook) ?? this._own;
  }

  private readonly _ownChanged = new Signal<this, void>(this);
  private _own: OrderMode | null = null;
}
