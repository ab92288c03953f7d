import { describe, expect, it } from 'vitest';

import type { ICell } from '../../tokens';
import type { ICellOrder, OrderMode } from '../client';
import { localAdvice } from '../local_advice';

const CELLS: ICell[] = ['a', 'b', 'c', 'd'].map(id => ({ id, cell_type: 'code', source: id }));

// d reads c, c reads b and a
const INPUTS = new Map([
  ['c', ['a', 'b']],
  ['d', ['c']]
]);

function said(mode: OrderMode, states: Record<string, ICellOrder['state']>) {
  const orders = Object.fromEntries(
    CELLS.map(({ id }) => [id, { state: states[id] ?? 'fresh', reasons: [] }])
  );
  return { mode, cells: CELLS, orders, inputs: INPUTS };
}

const IDLE: ReadonlySet<string> = new Set();

describe('advice while the kernel is busy', () => {
  it('lets a cell run whose inputs were fresh', () => {
    expect(localAdvice(said('warn', { c: 'stale' }), ['c'], IDLE).decision).toBe('run');
  });

  it('warns of inputs that were stale, and plans all that they need', () => {
    const advice = localAdvice(said('warn', { a: 'edited', c: 'stale' }), ['d'], IDLE);
    expect(advice).toEqual({
      decision: 'warn',
      message: '',
      stale_inputs: ['c'],
      plan: ['a', 'c']
    });
  });

  it('takes what runs or waits to run for fresh', () => {
    const word = said('warn', { a: 'never_run', b: 'never_run', c: 'never_run' });
    expect(localAdvice(word, ['c'], new Set(['a', 'b'])).decision).toBe('run');
    expect(localAdvice(word, ['a', 'b', 'c', 'd'], IDLE).decision).toBe('run');
  });

  it('leaves refusals to the kernel, which judges when the turn of the cell comes', () => {
    const word = said('block', { a: 'stale' });
    expect(localAdvice(word, ['c'], IDLE).decision).toBe('run');
  });

  it('refuses in linear by the states alone', () => {
    const advice = localAdvice(said('linear', { b: 'stale' }), ['d'], IDLE);
    expect([advice.decision, advice.plan]).toEqual(['refuse', ['b']]);
  });

  it('lets cells run of which nothing is known', () => {
    const word = { mode: 'warn' as const, cells: CELLS, orders: {}, inputs: INPUTS };
    expect(localAdvice(word, ['d'], IDLE).decision).toBe('run');
  });
});
