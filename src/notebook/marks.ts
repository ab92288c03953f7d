/**
 * A mark beside a cell: a class for shape and colour (style/marks.css), and real text for the pointer and for screen
 * readers. It lies over the prompt and takes no room, so nothing moves.
 */

import type { Cell } from '@jupyterlab/cells';

import type { ICellMark } from '../tokens';

const STATES: readonly ICellMark['state'][] = [
  'stale',
  'edited',
  'never_run',
  'unknown',
  'skip',
  'frozen'
];
const MARK = 'mlnb-CellMark';

/** What is shown at each cell, so that a cell whose mark stays is not touched. */
const shownAt = new WeakMap<Cell, ICellMark>();

/** Shows `mark` beside `cell`; null takes it away. */
export function showMark(cell: Cell, mark: ICellMark | null): void {
  const before = shownAt.get(cell);
  if (before?.state === mark?.state && before?.text === mark?.text) {
    return;
  }
  if (mark) {
    shownAt.set(cell, mark);
  } else {
    shownAt.delete(cell);
  }
  for (const state of STATES) {
    cell.toggleClass(`mlnb-mod-${state.replace('_', '-')}`, mark?.state === state);
  }
  const shown = cell.node.querySelector<HTMLElement>(`:scope > .${MARK}`);
  if (!mark) {
    shown?.remove();
    return;
  }
  const node = shown ?? cell.node.appendChild(markNode());
  if (node.title !== mark.text) {
    node.title = mark.text;
    node.textContent = mark.text;
  }
}

function markNode(): HTMLElement {
  const node = document.createElement('span');
  node.className = MARK;
  return node;
}
