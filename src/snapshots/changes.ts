/** How the cells of a document differ from what is on the screen. Knows no screen. */

import type { IDocumentContent } from '../tokens';

/** A cell that going back would change: it comes back, goes, gets its old text or its old outputs. */
export interface ICellChange {
  readonly kind: 'comes' | 'goes' | 'text' | 'outputs';
  /** Its place in the document that has it, from 1: that of now, but for one that comes back. */
  readonly number: number;
  /** The beginning of its text there. */
  readonly title: string;
}

type Cell = IDocumentContent['cells'][number];

/** What would change when `then` took the place of `now`. */
export function changesFromDocuments(
  now: IDocumentContent,
  then: IDocumentContent
): readonly ICellChange[] {
  const old = new Map(then.cells.map((cell, index) => [keyOf(cell, index), { cell, index }]));
  const changes: ICellChange[] = [];
  for (const [index, cell] of now.cells.entries()) {
    const was = old.get(keyOf(cell, index))?.cell;
    old.delete(keyOf(cell, index));
    const kind = was ? kindOf(cell, was) : 'goes';
    if (kind) {
      changes.push({ kind, number: index + 1, title: titleOf(cell) });
    }
  }
  for (const { cell, index } of old.values()) {
    changes.push({ kind: 'comes', number: index + 1, title: titleOf(cell) });
  }
  return changes;
}

/** The text of a cell, however its file has it. */
export function sourceOf(cell: Cell): string {
  const source = cell['source'];
  return Array.isArray(source) ? source.join('') : typeof source === 'string' ? source : '';
}

function kindOf(now: Cell, then: Cell): 'text' | 'outputs' | null {
  if (sourceOf(now) !== sourceOf(then) || now['cell_type'] !== then['cell_type']) {
    return 'text';
  }
  return JSON.stringify(now['outputs'] ?? []) === JSON.stringify(then['outputs'] ?? [])
    ? null
    : 'outputs';
}

function keyOf(cell: Cell, index: number): unknown {
  return cell['id'] ?? index;
}

function titleOf(cell: Cell): string {
  return sourceOf(cell).trim().split('\n')[0] ?? '';
}
