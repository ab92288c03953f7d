/** One way through the history at a time, in the order in which they were asked for. */

import type { SnapshotsModel } from './model';

/** Keys pressed faster than a restore takes are all obeyed: each waits for the one before, and looks then where the kernel stands. */
export class Turns {
  constructor(private readonly _model: SnapshotsModel) {}

  /** Whether one is under way or waits. */
  get isTaken(): boolean {
    return this._waiting > 0;
  }

  /** Does something when its turn comes; answers whether it arrived somewhere. Never rejects unless `action` does. */
  async take(action: () => Promise<void>): Promise<boolean> {
    this._waiting += 1;
    const before = this._last;
    const turn = this._go(before, action);
    this._last = turn.then(
      () => undefined,
      () => undefined
    );
    return turn;
  }

  private async _go(before: Promise<void>, action: () => Promise<void>): Promise<boolean> {
    const { _model: model } = this;
    try {
      await before;
      await model.learn();
      const arrival = model.travel.arrival;
      await action();
      return model.error === null && model.travel.arrival !== arrival;
    } finally {
      this._waiting -= 1;
    }
  }

  private _waiting = 0;
  private _last = Promise.resolve();
}
