import { describe, expect, it } from 'vitest';

import type { ILine, Row } from '../lines';
import { countsOf, rowsOf } from '../lines';

/** A line as "number:text", what is marked between brackets. */
function told(line: ILine | null): string {
  const text = line?.pieces
    .map(piece => (piece.isMarked ? `[${piece.text}]` : piece.text))
    .join('');
  return line ? `${line.number}:${text}` : '';
}

function all(rows: readonly Row[]): readonly (readonly string[])[] {
  return rows.map(row =>
    row.kind === 'same' || row.kind === 'changed'
      ? [row.kind, told(row.before), told(row.after)]
      : [row.kind]
  );
}

describe('a unified diff', () => {
  it('is taken apart into pairs with the words marked that differ', () => {
    const rows = rowsOf('@@ -1,3 +1,3 @@\n a = 1\n-rate = 0.1\n+rate = 0.25\n b = 2');
    expect(all(rows)).toEqual([
      ['same', '1:a = 1', '1:a = 1'],
      ['changed', '2:rate = 0.[1]', '2:rate = 0.[25]'],
      ['same', '3:b = 2', '3:b = 2']
    ]);
  });

  it('keeps lines of one side alone, and marks nothing in lines that share little', () => {
    const rows = rowsOf(
      '@@ -4,2 +4,3 @@\n-import os\n-same(x)\n+print("hello, world")\n+same(y)\n+z'
    );
    expect(all(rows)).toEqual([
      ['changed', '4:import os', '4:print("hello, world")'],
      ['changed', '5:same([x])', '5:same([y])'],
      ['changed', '', '6:z']
    ]);
  });

  it('marks the middle of long words that are alike at their ends', () => {
    expect(all(rowsOf("-key = 'aaaabbbbcccc'\n+key = 'aaaaxxcccc'"))).toEqual([
      ['changed', "1:key = 'aaaa[bbbb]cccc'", "1:key = 'aaaa[xx]cccc'"]
    ]);
  });

  it('has gaps between hunks, and words of the server', () => {
    const rows = rowsOf('@@ -1 +1 @@\n-a\n+b\n@@ -9,2 +9,2 @@\n c\n-d\n+e\n… 801 more lines');
    expect(all(rows)).toEqual([
      ['changed', '1:a', '1:b'],
      ['gap'],
      ['same', '9:c', '9:c'],
      ['changed', '10:d', '10:e'],
      ['note']
    ]);
    expect(rows[rows.length - 1]).toMatchObject({ text: '… 801 more lines' });
    expect(rowsOf('(differs only in what is not shown)')).toHaveLength(1);
    expect(rowsOf('')).toEqual([]);
  });

  it('begins at line 1 where one side is empty, and lines may begin with signs', () => {
    expect(all(rowsOf('@@ -0,0 +1,2 @@\n+--- a\n++1'))).toEqual([
      ['changed', '', '1:--- a'],
      ['changed', '', '2:+1']
    ]);
    expect(countsOf('@@ -0,0 +1,2 @@\n+--- a\n+-1\n-x')).toEqual([1, 2]);
  });

  it('is not compared word by word where that would take long', () => {
    const long = Array.from({ length: 400 }, (_, n) => `w${n}`).join(' ');
    const [row] = rowsOf(`-${long}\n+${long} end`);
    expect(row?.kind === 'changed' && row.after?.pieces).toHaveLength(1);
  });
});
