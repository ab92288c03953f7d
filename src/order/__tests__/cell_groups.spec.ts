import { describe, expect, it } from 'vitest';

import type { IListedCell } from '../cell_groups';
import { groupsOf } from '../cell_groups';
import type { ICellOrder } from '../client';

function listed(
  number: number,
  state: ICellOrder['state'],
  ...reasons: readonly string[]
): IListedCell {
  return { id: `c${number}`, number, title: `cell ${number}`, order: { state, reasons } };
}

const from = (number: number): string => `\`x\` comes from cell ${number}, which is not up to date`;

function numbers(cells: readonly IListedCell[]): number[][] {
  return groupsOf(cells).map(({ cell, followers }) => [cell, ...followers].map(one => one.number));
}

describe('the cells that are not fresh, by what they come from', () => {
  it('puts a chain below the cell that it goes back to', () => {
    const chain = [listed(2, 'edited', 'it was edited'), listed(5, 'stale', from(2))];
    expect(numbers([...chain, listed(7, 'stale', from(5))])).toEqual([[2, 5, 7]]);
  });

  it('leaves a cell by itself that has a reason of its own, or of which nobody can tell', () => {
    const cells = [
      listed(1, 'edited', 'it was edited'),
      listed(2, 'stale', from(1), '`y` was changed by cell 1 after this cell read it'),
      listed(3, 'unknown', from(1)),
      listed(4, 'stale', '`z` may be changed by cell 1, which is not up to date')
    ];
    expect(numbers(cells)).toEqual([[1, 4], [2], [3]]);
  });

  it('leaves a cell by itself whose source is not listed', () => {
    expect(numbers([listed(4, 'stale', from(3)), listed(6, 'stale')])).toEqual([[4], [6]]);
  });
});
