import { describe, expect, it } from 'vitest';

import type { Entry } from '../../api/types';
import { daysFromRows, rowsFromEntries } from '../lanes';
import { entry } from './samples';

function lanes(entries: Entry[], here: string | null): string[] {
  return rowsFromEntries(entries, here).map(
    ({ entry, lane, above, below, joins }) =>
      `${entry.id} ${lane} ${above.join('')}/${below.join('')}${joins.length > 0 ? ` +${joins.join('')}` : ''}`
  );
}

describe('the lanes of a history', () => {
  it('are one for a history without branches', () => {
    expect(lanes([entry('c', 'b'), entry('b', 'a'), entry('a')], 'c')).toEqual([
      'c 0 /0',
      'b 0 0/0',
      'a 0 0/'
    ]);
  });

  it('lead the branch where the kernel stands down the first one, and join where another branched off', () => {
    expect(lanes([entry('d', 'a'), entry('c', 'b'), entry('b', 'a'), entry('a')], 'd')).toEqual([
      'd 0 /0',
      'c 1 0/01',
      'b 1 01/01',
      'a 0 01/ +1'
    ]);
  });

  it('keep the first one free for where the kernel stands, further down', () => {
    expect(lanes([entry('c', 'b'), entry('b', 'a'), entry('a')], 'a')).toEqual([
      'c 1 /1',
      'b 1 1/1',
      'a 0 1/ +1'
    ]);
  });

  it('go on below the last row when what they lead to is not loaded yet', () => {
    expect(lanes([entry('c', 'far away')], null)).toEqual(['c 0 /0']);
  });

  it('are used again by a history that begins anew', () => {
    expect(lanes([entry('b'), entry('a')], 'b')).toEqual(['b 0 /', 'a 0 /']);
  });
});

describe('the days of a history', () => {
  it('are those of the local time zone, newest first', () => {
    const rows = rowsFromEntries(
      [
        entry('c', 'b', { created_at: '2026-01-03T12:00:00Z' }),
        entry('b', 'a', { created_at: '2026-01-02T12:30:00Z' }),
        entry('a', null, { created_at: '2026-01-02T12:00:00Z' })
      ],
      'c'
    );
    expect(daysFromRows(rows).map(({ rows }) => rows.map(({ entry }) => entry.id))).toEqual([
      ['c'],
      ['b', 'a']
    ]);
  });
});
