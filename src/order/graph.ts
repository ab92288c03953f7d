/** The dependency graph of a notebook as the kernel tells it, and what follows from it. Knows no screen. */

import type { IKernelLink } from '../tokens';
import type { ICellOrder } from './client';

/** What a cell depends on another by: a name, a file, a module of the user's, or something else outside. */
export type LinkKind = 'name' | 'file' | 'module' | 'other';

/** A code cell in the graph. */
export interface IGraphNode {
  readonly id: string;
  /** Position among all cells of the document, from 1. */
  readonly number: number;
  /** First line of its code. */
  readonly title: string;
  readonly state: ICellOrder['state'];
  readonly reasons: readonly string[];
  /** Names that it sets. */
  readonly defs: readonly string[];
  /** Names that it reads. */
  readonly refs: readonly string[];
  /** Why it counts as fresh without a run: it is tagged so. */
  readonly kept: '' | 'skip' | 'frozen';
}

/** `target` reads what `source` sets. */
export interface IGraphEdge {
  readonly source: string;
  readonly target: string;
  /** What is read: names, files, modules. */
  readonly names: readonly string[];
  readonly kind: LinkKind;
}

/** Cells in document order, and who reads from whom. */
export interface IGraph {
  readonly nodes: readonly IGraphNode[];
  readonly edges: readonly IGraphEdge[];
}

/** Upstream: what a cell reads from. Downstream: what reads it. */
export type Direction = 'up' | 'down';

/** Cells that are joined to another by the same names. */
export interface IGroup {
  readonly names: readonly string[];
  readonly cells: readonly IGraphNode[];
}

/** Asks mlnb in the kernel, for the document that it was told last. */
export async function askGraph(kernel: IKernelLink): Promise<IGraph> {
  return (await kernel.call('order.graph', {})) as IGraph;
}

/** `graph` without the cells that `keeps` says no to, and without edges that have lost an end. */
export function partOfGraph(graph: IGraph, keeps: (node: IGraphNode) => boolean): IGraph {
  const nodes = graph.nodes.filter(keeps);
  const ids = new Set(nodes.map(({ id }) => id));
  const edges = graph.edges.filter(({ source, target }) => ids.has(source) && ids.has(target));
  return { nodes, edges };
}

/** Answers who reads from whom without a search; made once for each graph. */
export class GraphIndex {
  constructor(readonly graph: IGraph) {
    for (const node of graph.nodes) {
      this._nodes.set(node.id, node);
    }
    for (const edge of graph.edges) {
      append(this._incoming, edge.target, edge);
      append(this._outgoing, edge.source, edge);
    }
  }

  /** The cell of that id, or null. */
  node(id: string | null): IGraphNode | null {
    return (id === null ? null : this._nodes.get(id)) ?? null;
  }

  /** The edges that go into a cell (`up`) or out of it (`down`), by the number of the cell at the other end. */
  edges(id: string, direction: Direction): readonly IGraphEdge[] {
    const found = (direction === 'up' ? this._incoming : this._outgoing).get(id) ?? [];
    return [...found].sort((a, b) => this._number(a, direction) - this._number(b, direction));
  }

  /** The cells next to a cell in that direction, each once, in document order. */
  neighbours(id: string, direction: Direction): readonly IGraphNode[] {
    const ids = this.edges(id, direction).map(edge => otherEnd(edge, direction));
    return [...new Set(ids)].flatMap(found => this._nodes.get(found) ?? []);
  }

  /** The names on the edges between two cells that touch, seen from `id`. */
  namesBetween(id: string, direction: Direction, end: string): readonly string[] {
    const edges = this.edges(id, direction).filter(edge => otherEnd(edge, direction) === end);
    return [...new Set(edges.flatMap(({ names }) => names))];
  }

  /** The cells next to a cell in that direction, those with the same names together. */
  groups(id: string, direction: Direction): readonly IGroup[] {
    const names = new Map<string, Set<string>>();
    for (const edge of this.edges(id, direction)) {
      const end = otherEnd(edge, direction);
      const known = names.get(end) ?? new Set();
      edge.names.forEach(name => known.add(name));
      names.set(end, known);
    }
    const groups = new Map<string, { names: readonly string[]; cells: IGraphNode[] }>();
    for (const node of this.neighbours(id, direction)) {
      const shared = [...(names.get(node.id) ?? [])];
      const group = groups.get(shared.join()) ?? { names: shared, cells: [] };
      group.cells.push(node);
      groups.set(shared.join(), group);
    }
    return [...groups.values()];
  }

  /** All cells that can be reached in that direction, without the cell itself. */
  reach(id: string, direction: Direction): ReadonlySet<string> {
    const found = new Set<string>();
    const waiting = [id];
    for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
      const links = direction === 'up' ? this._incoming : this._outgoing;
      for (const edge of links.get(next) ?? []) {
        const reached = otherEnd(edge, direction);
        if (!found.has(reached)) {
          found.add(reached);
          waiting.push(reached);
        }
      }
    }
    found.delete(id);
    return found;
  }

  private _number(edge: IGraphEdge, direction: Direction): number {
    return this._nodes.get(otherEnd(edge, direction))?.number ?? 0;
  }

  private readonly _nodes = new Map<string, IGraphNode>();
  private readonly _incoming = new Map<string, IGraphEdge[]>();
  private readonly _outgoing = new Map<string, IGraphEdge[]>();
}

/** The cell at the far end of an edge, seen from the cell that was asked about. */
function otherEnd(edge: IGraphEdge, direction: Direction): string {
  return direction === 'up' ? edge.source : edge.target;
}

function append(map: Map<string, IGraphEdge[]>, key: string, edge: IGraphEdge): void {
  const known = map.get(key);
  if (known) {
    known.push(edge);
  } else {
    map.set(key, [edge]);
  }
}
