import { nullTranslator } from '@jupyterlab/translation';
import { describe, expect, it } from 'vitest';

import type { IOrderStatus, IOrderSummary } from '../client';
import { notFreshTexts, summaryLine } from '../summary';

const trans = nullTranslator.load('mlnb');
const NONE: IOrderSummary = { fresh: 0, stale: 0, edited: 0, never_run: 0, unknown: 0, kept: 0 };

function line(summary: Partial<IOrderSummary>, more: Partial<IOrderStatus> = {}): string[] {
  const status = {
    mode: 'mark' as const,
    cells: {},
    floor: null,
    off_reason: '',
    summary: { ...NONE, ...summary },
    ...more
  };
  const found = summaryLine('ready', status, status.mode, trans);
  return found ? [found.kind, found.text, found.detail] : [];
}

describe('the line on a notebook', () => {
  it('counts each cell once, with edited ones among the stale', () => {
    expect(line({ fresh: 9, stale: 36, edited: 3, never_run: 2, unknown: 1, kept: 4 })).toEqual([
      'stale',
      '39 cells stale, 2 not run, 1 cannot be told',
      '9 fresh, 39 stale, 2 not run, 1 cannot be told, 4 skipped or frozen; 3 were edited'
    ]);
    expect(notFreshTexts({ ...NONE, stale: 36, edited: 3, unknown: 1 }, trans)).toEqual([
      '39 stale',
      '1 cannot be told'
    ]);
  });

  it('says what is the matter where only one thing is', () => {
    expect(line({ fresh: 1, stale: 1 })[1]).toBe('1 cell stale');
    expect(line({ never_run: 3 })[1]).toBe('Not run yet');
    expect(line({ fresh: 1, never_run: 1, unknown: 1 })[1]).toBe(
      '1 cell not run, 1 cannot be told'
    );
    expect(line({ fresh: 1, unknown: 2 })[1]).toBe('Cannot tell of 2 cells');
    expect(line({ fresh: 3, kept: 1 }).slice(0, 2)).toEqual(['clean', 'Equals a clean run']);
    expect(line({})).toEqual([]);
  });

  it('says why a fault switched order off', () => {
    expect(line({}, { mode: 'off', off_reason: 'judging the cells: KeyError: x' })).toEqual([
      'fault',
      'Order is off: a fault',
      'judging the cells: KeyError: x'
    ]);
    expect(line({}, { mode: 'off' })[1]).toBe('Order is off');
  });
});
