/**
 * Advice without the kernel: it is busy, and would answer only after the cell that runs now. Knows no screen.
 *
 * It goes by what the kernel said last, and takes what runs or waits to run for fresh. A refusal is left to the
 * kernel, which judges again when the cell's turn comes; here nothing is refused on an old word, except in mode `linear`,
 * where the states alone decide.
 */

import type { ICell } from '../tokens';
import type { IAdvice, ICellOrder, OrderMode } from './client';

/** What the kernel said last. */
export interface ILastWord {
  readonly mode: OrderMode;
  readonly cells: readonly ICell[];
  readonly orders: Readonly<Record<string, ICellOrder>>;
  /** The cells that each cell reads from. */
  readonly inputs: ReadonlyMap<string, readonly string[]>;
}

/** Nothing speaks against it. */
export const RUN: IAdvice = { decision: 'run', message: '', stale_inputs: [], plan: [] };

/**
 * What to do about `cellIds`.
 *
 * @param said - the kernel's last word
 * @param cellIds - what is to run together, in this order
 * @param running - the cells that run or wait to run already
 */
export function localAdvice(
  said: ILastWord,
  cellIds: readonly string[],
  running: ReadonlySet<string>
): IAdvice {
  const fresh = new Set(running);
  const needed = new Set<string>();
  const direct = new Set<string>();
  for (const id of cellIds) {
    const above = said.mode === 'linear' ? codeAbove(said.cells, id) : (said.inputs.get(id) ?? []);
    for (const input of above.filter(one => isStale(said, one, fresh))) {
      direct.add(input);
      collect(said, input, fresh, needed);
    }
    fresh.add(id);
  }
  if (needed.size === 0) {
    return RUN;
  }
  const inOrder = said.cells.map(cell => cell.id);
  return {
    decision: said.mode === 'linear' ? 'refuse' : said.mode === 'warn' ? 'warn' : 'run',
    message: '',
    stale_inputs: inOrder.filter(id => direct.has(id)),
    plan: inOrder.filter(id => needed.has(id))
  };
}

function collect(
  said: ILastWord,
  id: string,
  fresh: ReadonlySet<string>,
  needed: Set<string>
): void {
  if (needed.has(id)) {
    return;
  }
  needed.add(id);
  for (const input of said.inputs.get(id) ?? []) {
    if (isStale(said, input, fresh)) {
      collect(said, input, fresh, needed);
    }
  }
}

function isStale(said: ILastWord, id: string, fresh: ReadonlySet<string>): boolean {
  const order = said.orders[id];
  return order !== undefined && order.state !== 'fresh' && !order.kept && !fresh.has(id);
}

function codeAbove(cells: readonly ICell[], id: string): readonly string[] {
  const end = cells.findIndex(cell => cell.id === id);
  return cells
    .slice(0, Math.max(end, 0))
    .filter(cell => cell.cell_type === 'code' && cell.source.trim() !== '')
    .map(cell => cell.id);
}
