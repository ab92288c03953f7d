/** How the table of the dependency graph is ordered. */

import type { GraphIndex, IGraphNode } from './graph';

/** The columns of the table. */
export type Column = 'cell' | 'state' | 'reads' | 'sets' | 'read_by';

/** By which column, and which way. */
export interface ISorting {
  readonly column: Column;
  readonly isDescending: boolean;
}

/** What needs attention first comes first. */
const STATES: readonly IGraphNode['state'][] = ['stale', 'edited', 'unknown', 'never_run', 'fresh'];

/** The sorting after a click on a column's head: that column, the other way round if it was sorted by already. */
export function sortingBy(column: Column, before: ISorting): ISorting {
  if (column === before.column) {
    return { column, isDescending: !before.isDescending };
  }
  return { column, isDescending: column === 'reads' || column === 'read_by' }; // most first
}

/** `nodes` in that order; equal ones stay in document order. */
export function sortedNodes(
  nodes: readonly IGraphNode[],
  index: GraphIndex,
  { column, isDescending }: ISorting
): readonly IGraphNode[] {
  const sign = isDescending ? -1 : 1;
  const compare = comparison(column, index);
  return [...nodes].sort((a, b) => sign * compare(a, b) || a.number - b.number);
}

function comparison(column: Column, index: GraphIndex): (a: IGraphNode, b: IGraphNode) => number {
  switch (column) {
    case 'cell':
      return (a, b) => a.number - b.number;
    case 'state':
      return (a, b) => STATES.indexOf(a.state) - STATES.indexOf(b.state);
    case 'reads':
      return (a, b) => index.edges(a.id, 'up').length - index.edges(b.id, 'up').length;
    case 'read_by':
      return (a, b) => index.edges(a.id, 'down').length - index.edges(b.id, 'down').length;
    case 'sets':
      // cells that set nothing come last
      return (a, b) => firstName(a).localeCompare(firstName(b));
  }
}

function firstName({ defs }: IGraphNode): string {
  return defs[0] ?? '\uffff';
}
