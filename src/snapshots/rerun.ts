/** Which cells are run again "from cell N on". */

import type { IDocumentContent } from '../tokens';
import { sourceOf } from './changes';

/** A cell from which one can begin. */
export interface IStart {
  readonly id: string;
  readonly number: number;
  readonly title: string;
}

/** The code cells of a document that had run, in its order. */
export function startsIn(document: IDocumentContent): readonly IStart[] {
  return document.cells.flatMap((cell, index) =>
    cell['cell_type'] === 'code' &&
    typeof cell['id'] === 'string' &&
    typeof cell['execution_count'] === 'number'
      ? [{ id: cell['id'], number: index + 1, title: sourceOf(cell).trim().split('\n')[0] ?? '' }]
      : []
  );
}

/** The ids of the cells that had run, from `cellId` on. */
export function runsFrom(document: IDocumentContent, cellId: string): string[] {
  const starts = startsIn(document).map(({ id }) => id);
  const first = starts.indexOf(cellId);
  return first < 0 ? [] : starts.slice(first);
}
