/** One way through the history at a time, in the order in which they were asked for. */

import type { ApiError } from '../api/client';
import type { INotebook } from '../tokens';
import type { IArrival } from './travel';

/** Whose turns these are. */
export interface ITraveller {
  readonly notebook: INotebook | null;
  readonly error: ApiError | null;
  readonly travel: { readonly arrival: IArrival | null };
  /** Learns what is true now. Never rejects. */
  learn(): Promise<void>;
}

/**
 * Keys and buttons pressed faster than a restore takes are all obeyed: each waits for the one before, and looks then where the
 * kernel stands. What was asked for in a notebook that is no longer shown then is left undone.
 */
export class Turns {
  /** `changed` is called whenever the last turn has ended. */
  constructor(
    private readonly _traveller: ITraveller,
    private readonly _changed: () => void
  ) {}

  /** Whether one is under way or waits. */
  get isTaken(): boolean {
    return this._waiting > 0;
  }

  /** Does something when its turn comes; answers whether it arrived somewhere. Never rejects unless `action` does. */
  async take(action: () => Promise<void>): Promise<boolean> {
    this._waiting += 1;
    const turn = this._go(this._last, action);
    this._last = turn.then(
      () => undefined,
      () => undefined
    );
    return turn;
  }

  private async _go(before: Promise<void>, action: () => Promise<void>): Promise<boolean> {
    const { _traveller: traveller } = this;
    const { notebook } = traveller;
    try {
      await before;
      await traveller.learn();
      if (traveller.notebook !== notebook) {
        return false;
      }
      const { arrival } = traveller.travel;
      await action();
      return traveller.error === null && traveller.travel.arrival !== arrival;
    } finally {
      this._waiting -= 1;
      if (this._waiting === 0) {
        this._changed();
      }
    }
  }

  private _waiting = 0;
  private _last = Promise.resolve();
}
