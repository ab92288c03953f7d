import { beforeEach, describe, expect, it } from 'vitest';

import type { ICell } from '../../tokens';
import { LinearLedger } from '../linear';

const S = 'k/0';

function code(id: string, source = id): ICell {
  return { id, cell_type: 'code', source };
}

const TEXT: ICell = { id: 't', cell_type: 'markdown', source: '# words' };
const CELLS = [code('a'), TEXT, code('b'), code('c'), code('blank', ' ')];

describe('linear without the kernel', () => {
  let ledger: LinearLedger;

  const run = (id: string, isDone = true, session = S): void => {
    ledger.begin(id, id, session);
    ledger.end(id, isDone);
  };
  const missing = (...ids: string[]): string[] => ledger.missing(CELLS, ids, S);

  beforeEach(() => {
    ledger = new LinearLedger();
  });

  it('lets the first cell run, and no other', () => {
    expect(missing('a')).toEqual([]);
    expect(missing('c')).toEqual(['a', 'b']);
  });

  it('lets a cell run when all above it has run in order', () => {
    run('a');
    run('b');
    expect(missing('c')).toEqual([]);
  });

  it('wants what follows a cell that ran again', () => {
    run('a');
    run('b');
    run('a');
    expect(missing('b')).toEqual([]);
    expect(missing('c')).toEqual(['b']);
  });

  it('does not count a run that failed', () => {
    run('a', false);
    expect(missing('b')).toEqual(['a']);
  });

  it('does not count a run before a restart', () => {
    run('a', true, 'k/before');
    expect(missing('b')).toEqual(['a']);
  });

  it('does not count the run of another source', () => {
    run('a');
    expect(ledger.missing([code('a', 'changed'), code('b')], ['b'], S)).toEqual(['a']);
  });

  it('wants nothing for a run of all cells', () => {
    expect(missing('a', 'b', 'c')).toEqual([]);
    run('a');
    run('b');
    expect(missing('a', 'b', 'c')).toEqual([]);
  });

  it('wants what lies between cells that run together', () => {
    run('a');
    run('b');
    expect(missing('a', 'c')).toEqual(['b']);
  });

  it('counts what runs at the moment', () => {
    ledger.begin('a', 'a', S);
    expect(missing('b')).toEqual([]);
  });

  it('leaves skipped cells out', () => {
    const cells = [{ ...code('a'), tags: ['skip'] }, code('b')];
    expect(ledger.missing(cells, ['b'], S)).toEqual([]);
  });
});
