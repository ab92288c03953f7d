/** The cells that are not fresh, by what they come from. Knows no screen. */

import type { ICellOrder } from './client';

/** A cell that is not fresh, as it is listed. */
export interface IListedCell {
  readonly id: string;
  /** Position in the document, from 1. */
  readonly number: number;
  /** First line of its code. */
  readonly title: string;
  readonly order: ICellOrder;
}

/** A listed cell, and the cells that are stale for no other reason than that it is not fresh, in document order. */
export interface ICellGroup {
  readonly cell: IListedCell;
  readonly followers: readonly IListedCell[];
}

/** How the kernel says that a cell is stale since another one is not up to date. */
const FOLLOWS = /(?:comes from|changed by) cell (\d+), which is not up to date$/;

/** Puts each cell whose only trouble is another listed one below that one, or below the one that it goes back to. */
export function groupsOf(listed: readonly IListedCell[]): readonly ICellGroup[] {
  const groups = new Map<number, IListedCell[]>();
  const roots = new Map<number, number>();
  for (const { number, order } of listed) {
    const above = order.reasons.map(reason => Number(FOLLOWS.exec(reason)?.[1]));
    const root = order.state === 'stale' && above.every(Boolean) ? roots.get(above[0] ?? 0) : null;
    roots.set(number, root ?? number);
  }
  for (const cell of listed) {
    const root = roots.get(cell.number) ?? cell.number;
    groups.set(root, [...(groups.get(root) ?? []), cell]);
  }
  return [...groups.values()].flatMap(([cell, ...followers]) =>
    cell ? [{ cell, followers }] : []
  );
}
