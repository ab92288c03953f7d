/**
 * Where the graph's cells and edges lie: one row for each cell in document order, edges in lanes beside them.
 *
 * Edges that go down the document (the cell above sets, the cell below reads) run on the right; those that go up, which no
 * run from top to bottom can serve, run on the left. Edges of one cell and kind share a lane, as the branches of a
 * tree share its trunk, and short trunks lie closest to the cells. Lanes come closer together before they get too wide.
 */

import type { IGraph, IGraphEdge, LinkKind } from './graph';

/** Lengths in CSS pixels. */
export interface ILayoutSizes {
  readonly rowHeight: number;
  /** From the cells to the first lane. */
  readonly gap: number;
  /** From one lane to the next, when there is room. */
  readonly lane: number;
  /** How wide all lanes of a side may be together. */
  readonly maxWidth: number;
}

/** For graphs that fit on a screen, and for longer ones. */
export const ROOMY: ILayoutSizes = { rowHeight: 54, gap: 20, lane: 14, maxWidth: 280 };
export const COMPACT: ILayoutSizes = { rowHeight: 28, gap: 16, lane: 9, maxWidth: 280 };

/** How many cells still get roomy rows. */
const ROOMY_ROWS = 20;

/** The sizes for a graph of that many cells. */
export function sizesFor(cells: number): ILayoutSizes {
  return cells <= ROOMY_ROWS ? ROOMY : COMPACT;
}

/** The lanes beside the cells: on the right for edges that go down, on the left for those that go up. */
export type Side = 'right' | 'left';

/** How one edge is drawn; x counts from the cells outwards, y from the top of the first row. */
export interface IRoute {
  readonly edge: IGraphEdge;
  readonly side: Side;
  /** From 0, closest to the cells. */
  readonly lane: number;
  readonly x: number;
  readonly fromY: number;
  readonly toY: number;
}

/** The drawing's measures. */
export interface IGraphLayout {
  readonly sizes: ILayoutSizes;
  /** Top of each cell's row. */
  readonly tops: ReadonlyMap<string, number>;
  readonly height: number;
  readonly routes: readonly IRoute[];
  /** Width of the lanes of each side; 0 when it has none. */
  readonly widths: Readonly<Record<Side, number>>;
}

/** A trunk with its branches: the edges of one cell and kind on one side. `from` and `to` count half rows. */
interface ITrunk {
  readonly side: Side;
  readonly edges: IGraphEdge[];
  from: number;
  to: number;
}

/** Lays out a graph; edges from or to cells that it does not hold are left out. */
export function layoutGraph(graph: IGraph, sizes: ILayoutSizes): IGraphLayout {
  const rows = new Map(graph.nodes.map(({ id }, row) => [id, row]));
  const trunks = trunksOf(graph.edges, rows);
  const routes: IRoute[] = [];
  const widths: Record<Side, number> = { right: 0, left: 0 };
  for (const side of ['right', 'left'] as const) {
    const placed = placeTrunks(trunks.filter(trunk => trunk.side === side));
    const step = Math.min(sizes.lane, sizes.maxWidth / Math.max(1, placed.lanes));
    for (const [trunk, lane] of placed.trunks) {
      for (const edge of trunk.edges) {
        const [from, to] = ports(side, row(rows, edge.source), row(rows, edge.target));
        const x = Math.round(10 * (sizes.gap + lane * step)) / 10;
        routes.push({ edge, side, lane, x, fromY: portY(from, sizes), toY: portY(to, sizes) });
      }
    }
    widths[side] = placed.lanes === 0 ? 0 : Math.ceil(sizes.gap + placed.lanes * step);
  }
  const tops = new Map([...rows].map(([id, index]) => [id, index * sizes.rowHeight]));
  return { sizes, tops, height: rows.size * sizes.rowHeight, routes, widths };
}

/** The line of a route as an SVG path, with round corners; `width` is that of its side's lanes. */
export function routePath(route: IRoute, width: number): string {
  const [edge, lane, direction] = outwards(route, width);
  const { fromY, toY } = route;
  const down = Math.sign(toY - fromY);
  const bend = Math.min(6, Math.abs(toY - fromY) / 2, route.x);
  const near = lane - direction * bend;
  return [
    `M${edge} ${fromY}H${near}`,
    `Q${lane} ${fromY} ${lane} ${fromY + down * bend}`,
    `V${toY - down * bend}`,
    `Q${lane} ${toY} ${near} ${toY}`,
    `H${edge + direction * 2}`
  ].join('');
}

/** The arrow head at the end of a route. */
export function headPath(route: IRoute, width: number): string {
  const [edge, , direction] = outwards(route, width);
  const back = edge + direction * 7;
  const tip = edge + direction;
  return `M${back} ${route.toY - 4}L${tip} ${route.toY}L${back} ${route.toY + 4}Z`;
}

/** x of the cells' edge and of the lane, and the sign of going away from the cells. */
function outwards({ side, x }: IRoute, width: number): [edge: number, lane: number, sign: number] {
  return side === 'right' ? [0, x, 1] : [width, width - x, -1];
}

function row(rows: ReadonlyMap<string, number>, id: string): number {
  return rows.get(id) ?? 0;
}

/**
 * Where an edge leaves and arrives, in half rows. Each row has two ports on each side, chosen so that a trunk that ends in
 * a row never touches one that begins there, and both fit in the same lane.
 */
function ports(side: Side, source: number, target: number): [from: number, to: number] {
  return side === 'right' ? [2 * source + 1, 2 * target] : [2 * source, 2 * target + 1];
}

function portY(port: number, { rowHeight }: ILayoutSizes): number {
  return Math.floor(port / 2) * rowHeight + Math.round(rowHeight * (port % 2 === 0 ? 0.36 : 0.64));
}

function trunksOf(edges: readonly IGraphEdge[], rows: ReadonlyMap<string, number>): ITrunk[] {
  const trunks = new Map<string, ITrunk>();
  for (const edge of edges) {
    const source = rows.get(edge.source);
    const target = rows.get(edge.target);
    if (source === undefined || target === undefined) {
      continue;
    }
    const side: Side = target < source ? 'left' : 'right';
    const ends = ports(side, source, target);
    const [from, to] = [Math.min(...ends), Math.max(...ends)];
    const key = trunkKey(side, edge.kind, source);
    const known = trunks.get(key);
    if (known) {
      known.edges.push(edge);
      known.from = Math.min(known.from, from);
      known.to = Math.max(known.to, to);
    } else {
      trunks.set(key, { side, edges: [edge], from, to });
    }
  }
  return [...trunks.values()];
}

function trunkKey(side: Side, kind: LinkKind, source: number): string {
  return `${side} ${kind} ${source}`;
}

/** Gives each trunk the innermost lane that is free along its whole length, the shortest trunks first. */
function placeTrunks(trunks: readonly ITrunk[]): {
  readonly trunks: readonly (readonly [ITrunk, lane: number])[];
  readonly lanes: number;
} {
  const inOrder = [...trunks].sort(
    (a, b) => a.to - a.from - (b.to - b.from) || a.from - b.from || a.to - b.to
  );
  const lanes: ITrunk[][] = [];
  const placed = inOrder.map(trunk => {
    let lane = lanes.findIndex(taken => fits(trunk, taken));
    if (lane < 0) {
      lane = lanes.push([]) - 1;
    }
    const taken = lanes[lane] ?? [];
    taken.splice(firstFrom(taken, trunk.from), 0, trunk);
    return [trunk, lane] as const;
  });
  return { trunks: placed, lanes: lanes.length };
}

/** Whether a trunk crosses none of `taken`, which are apart from each other and sorted. */
function fits(trunk: ITrunk, taken: readonly ITrunk[]): boolean {
  const place = firstFrom(taken, trunk.from);
  const before = taken[place - 1];
  const after = taken[place];
  return (!before || before.to < trunk.from) && (!after || after.from > trunk.to);
}

/** Index of the first of `taken` that begins at `from` or later. */
function firstFrom(taken: readonly ITrunk[], from: number): number {
  let low = 0;
  let high = taken.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((taken[middle]?.from ?? 0) < from) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}
