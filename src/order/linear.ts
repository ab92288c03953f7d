/** Mode `linear` where the kernel cannot enforce it: what ran, unchanged and in order, in this life of the kernel. Knows no screen. */

import type { ICell } from '../tokens';

interface IRun {
  readonly source: string;
  readonly session: string;
  readonly turn: number;
}

/** What is known of the runs in one notebook. */
export class LinearLedger {
  /** Notes that a cell begins to run with this source. */
  begin(cellId: string, source: string, session: string): void {
    this._begun.set(cellId, { source, session, turn: (this._turn += 1) });
    this._done.delete(cellId);
  }

  /** Notes that it has run; only a run without an error counts. */
  end(cellId: string, isDone: boolean): void {
    const run = this._begun.get(cellId);
    this._begun.delete(cellId);
    if (run && isDone) {
      this._done.set(cellId, run);
    }
  }

  /**
   * The cells that must run, in document order, before `cellIds` may.
   *
   * Above each of them every code cell must have run in this session, as it is now, after those above it; what runs at
   * this moment, and what stands earlier in `cellIds`, counts as run.
   *
   * @param cells - the document
   * @param cellIds - what is to run together, in this order
   * @param session - names the life of the kernel
   */
  missing(cells: readonly ICell[], cellIds: readonly string[], session: string): string[] {
    const codeCells = cells.filter(cell => isToRun(cell));
    const missing = new Set<string>();
    for (const [position, id] of cellIds.entries()) {
      const before = new Set(cellIds.slice(0, position));
      let last = 0;
      let isBroken = false;
      for (const cell of codeCells.slice(
        0,
        codeCells.findIndex(other => other.id === id)
      )) {
        if (before.has(cell.id)) {
          isBroken = true; // it runs now, so what ran after it before must run after it again
          continue;
        }
        const run = this._begun.get(cell.id) ?? this._done.get(cell.id);
        const isCurrent = run?.session === session && run.source === cell.source;
        isBroken ||= !run || !isCurrent || run.turn < last;
        last = run?.turn ?? last;
        if (isBroken) {
          missing.add(cell.id);
        }
      }
    }
    return codeCells.filter(cell => missing.has(cell.id)).map(cell => cell.id);
  }

  private readonly _begun = new Map<string, IRun>();
  private readonly _done = new Map<string, IRun>();
  private _turn = 0;
}

/** Whether a cell counts: code with something in it, and no tag that says to leave it out. */
function isToRun(cell: ICell): boolean {
  return (
    cell.cell_type === 'code' && cell.source.trim() !== '' && cell.tags?.includes('skip') !== true
  );
}
