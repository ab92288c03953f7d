/** Graphs for the tests of the graph view. */

import type { IGraph, IGraphEdge, IGraphNode } from '../graph';

/** A cell of that number, fresh unless said otherwise. */
export function cell(number: number, more: Partial<IGraphNode> = {}): IGraphNode {
  return {
    id: `c${number}`,
    number,
    title: `x${number} = ${number}`,
    state: 'fresh',
    reasons: [],
    defs: [`x${number}`],
    refs: [],
    kept: '',
    ...more
  };
}

/** Cell `target` reads `names` from cell `source`. */
export function link(
  source: number,
  target: number,
  names: readonly string[] = [`x${source}`],
  kind: IGraphEdge['kind'] = 'name'
): IGraphEdge {
  return { source: `c${source}`, target: `c${target}`, names, kind };
}

/** `count` cells with about `perCell` edges each, most of them down the document; the same for the same seed. */
export function randomGraph(count: number, perCell: number, seed: number): IGraph {
  let state = seed;
  const below = (limit: number): number => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    return Math.floor((state / 2_147_483_648) * limit);
  };
  const nodes = Array.from({ length: count }, (_, at) => cell(at + 1));
  const edges = new Map<string, IGraphEdge>();
  const kinds = ['name', 'name', 'name', 'file', 'module', 'other'] as const;
  for (let made = 0; made < count * perCell; made++) {
    const source = below(count) + 1;
    const target = below(10) === 0 ? below(count) + 1 : source + 1 + below(count - source);
    if (target <= count && target !== source) {
      const edge = link(source, target, undefined, kinds[below(kinds.length)]);
      edges.set(`${source} ${target} ${edge.kind}`, edge);
    }
  }
  return { nodes, edges: [...edges.values()] };
}
