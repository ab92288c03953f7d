/** How the cells and edges of a graph stand to the chosen cell. */

import type { GraphIndex, IGraphEdge } from './graph';

/** Reads from it (`down`) or is read by it (`up`), itself or through others; `self` is the chosen cell. */
export type Relation = 'none' | 'self' | 'up' | 'down' | 'far-up' | 'far-down';

/** The relation of each cell that has one; empty when none is chosen. */
export function cellRelations(
  index: GraphIndex,
  chosen: string | null
): ReadonlyMap<string, Relation> {
  const relations = new Map<string, Relation>();
  if (chosen === null) {
    return relations;
  }
  const directions = ['up', 'down'] as const;
  for (const direction of directions) {
    for (const id of index.reach(chosen, direction)) {
      relations.set(id, `far-${direction}`);
    }
  }
  for (const direction of directions) {
    for (const { id } of index.neighbours(chosen, direction)) {
      relations.set(id, direction);
    }
  }
  return relations.set(chosen, 'self');
}

/** An edge belongs to the chosen cell if it touches it, and to its reach if both of its ends lie in it. */
export function edgeRelation(
  { source, target }: IGraphEdge,
  relations: ReadonlyMap<string, Relation>
): Relation {
  const [from, to] = [relations.get(source) ?? 'none', relations.get(target) ?? 'none'];
  if (to === 'self') {
    return 'up';
  }
  if (from === 'self') {
    return 'down';
  }
  if (isAbove(from) && isAbove(to)) {
    return 'far-up';
  }
  return isBelow(from) && isBelow(to) ? 'far-down' : 'none';
}

function isAbove(relation: Relation): boolean {
  return relation === 'up' || relation === 'far-up';
}

function isBelow(relation: Relation): boolean {
  return relation === 'down' || relation === 'far-down';
}
