import { describe, expect, it } from 'vitest';

import type { IGraph } from '../graph';
import type { IGraphLayout, IRoute } from '../graph_layout';
import { COMPACT, headPath, layoutGraph, ROOMY, routePath, sizesFor } from '../graph_layout';
import { cell, link, randomGraph } from './graph_samples';

const GRAPHS: [string, IGraph][] = [
  ['nothing', { nodes: [], edges: [] }],
  ['one cell', { nodes: [cell(1)], edges: [] }],
  ...[1, 2, 3, 4, 5].map((seed): [string, IGraph] => [
    `random ${seed}`,
    randomGraph(5 * seed * seed, seed, seed)
  ]),
  ['200 cells', randomGraph(200, 3, 9)]
];

/** The stretch of its lane that a route takes, in pixels. */
function stretch({ fromY, toY }: IRoute): [number, number] {
  return [Math.min(fromY, toY), Math.max(fromY, toY)];
}

function trunkOf({ edge, side }: IRoute): string {
  return `${edge.source} ${edge.kind} ${side}`;
}

describe.each(GRAPHS)('the layout of %s', (_, graph) => {
  const layout: IGraphLayout = layoutGraph(graph, sizesFor(graph.nodes.length));

  it('puts the cells below each other in document order, none over another', () => {
    const tops = graph.nodes.map(({ id }) => layout.tops.get(id) ?? NaN);
    expect(tops).toEqual(graph.nodes.map((_, row) => row * layout.sizes.rowHeight));
    expect(layout.height).toBe(graph.nodes.length * layout.sizes.rowHeight);
  });

  it('draws every edge once', () => {
    expect(new Set(layout.routes.map(({ edge }) => edge))).toEqual(new Set(graph.edges));
    expect(layout.routes).toHaveLength(graph.edges.length);
  });

  it('lets each edge leave within the row of its source and arrive within that of its target', () => {
    for (const { edge, fromY, toY } of layout.routes) {
      for (const [id, y] of [
        [edge.source, fromY],
        [edge.target, toY]
      ] as const) {
        const top = layout.tops.get(id) ?? NaN;
        expect(y).toBeGreaterThan(top);
        expect(y).toBeLessThan(top + layout.sizes.rowHeight);
      }
    }
  });

  it('draws edges that go down on the right and the others on the left', () => {
    for (const { edge, side } of layout.routes) {
      const isDown = (layout.tops.get(edge.source) ?? 0) < (layout.tops.get(edge.target) ?? 0);
      expect(side).toBe(isDown ? 'right' : 'left');
    }
  });

  it('lets only edges of one trunk share a stretch of a lane', () => {
    const lanes = new Map<string, IRoute[]>();
    for (const route of layout.routes) {
      const key = `${route.side} ${route.lane}`;
      lanes.set(key, [...(lanes.get(key) ?? []), route]);
    }
    for (const routes of lanes.values()) {
      const sorted = [...routes].sort((a, b) => stretch(a)[0] - stretch(b)[0]);
      let [end, trunk] = [-1, ''];
      for (const route of sorted) {
        const [from, to] = stretch(route);
        if (trunkOf(route) !== trunk) {
          expect(from).toBeGreaterThan(end);
        }
        [end, trunk] = [Math.max(end, to), trunkOf(route)];
      }
    }
  });

  it('keeps all lines within the width of their side', () => {
    for (const side of ['right', 'left'] as const) {
      const xs = layout.routes.filter(route => route.side === side).map(({ x }) => x);
      expect(Math.max(0, ...xs)).toBeLessThanOrEqual(layout.widths[side]);
      expect(layout.widths[side]).toBeLessThanOrEqual(layout.sizes.gap + layout.sizes.maxWidth);
      expect(layout.widths[side] === 0).toBe(xs.length === 0);
    }
  });
});

describe('the layout of a graph', () => {
  it('has one line for each edge, and so grows as the graph does', () => {
    for (const count of [100, 200, 400]) {
      const graph = randomGraph(count, 3, 5);
      const drawn = layoutGraph(graph, COMPACT).routes.map(route => routePath(route, 300));
      expect(drawn).toHaveLength(graph.edges.length);
      expect(drawn.join('').length).toBeLessThan(graph.edges.length * 120);
    }
  });

  it('needs one lane for a cell that all others read', () => {
    const nodes = Array.from({ length: 50 }, (_, at) => cell(at + 1));
    const edges = nodes.slice(1).map(({ number }) => link(1, number));
    expect(new Set(layoutGraph({ nodes, edges }, COMPACT).routes.map(r => r.lane))).toEqual(
      new Set([0])
    );
  });

  it('uses the same lane again for a chain', () => {
    const nodes = Array.from({ length: 50 }, (_, at) => cell(at + 1));
    const edges = nodes.slice(1).map(({ number }) => link(number - 1, number));
    expect(Math.max(...layoutGraph({ nodes, edges }, COMPACT).routes.map(r => r.lane))).toBe(0);
  });

  it('keeps apart what one cell gives as a name and as a file', () => {
    const graph = { nodes: [cell(1), cell(2)], edges: [link(1, 2), link(1, 2, ['f'], 'file')] };
    const [first, second] = layoutGraph(graph, ROOMY).routes;
    expect(first?.lane).not.toBe(second?.lane);
  });

  it('leaves out edges that have lost an end', () => {
    const graph = { nodes: [cell(1), cell(2)], edges: [link(1, 2), link(2, 7), link(7, 1)] };
    expect(layoutGraph(graph, ROOMY).routes).toHaveLength(1);
  });

  it('begins at the cells and ends there, on both sides', () => {
    const graph = { nodes: [cell(1), cell(2)], edges: [link(1, 2), link(2, 1)] };
    const { routes, widths } = layoutGraph(graph, ROOMY);
    const [down, up] = routes.map(route => routePath(route, widths[route.side]));
    expect(down).toMatch(/^M0 35H.*H2$/);
    expect(up).toMatch(new RegExp(`^M${widths.left} 73H.*H${widths.left - 2}$`));
    expect(routes.map(route => headPath(route, widths[route.side])).join()).not.toContain('NaN');
  });

  it('has roomy rows as long as they fit on a screen', () => {
    expect(sizesFor(6)).toBe(ROOMY);
    expect(sizesFor(60)).toBe(COMPACT);
  });
});
