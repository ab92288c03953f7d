/** What a dependency-graph tab shows: the graph of one notebook, which cell is chosen, and how it is looked at. */

import type { ISignal } from '@lumino/signaling';
import { Signal } from '@lumino/signaling';

import type { ApiError } from '../api/client';
import type { INotebook, INotebooks } from '../tokens';
import { SectionModel } from '../ui/section_model';
import type { IOrderStatus } from './client';
import type { Direction, IGraph, IGraphNode } from './graph';
import { askGraph, GraphIndex, partOfGraph } from './graph';

/** The two ways to look at a graph. */
export type GraphLook = 'graph' | 'table';

/** What keeps the graph from being shown, or `ready`. */
export type Situation =
  | 'closed'
  | 'no_kernel'
  | 'connecting'
  | 'absent'
  | 'foreign'
  | 'off'
  | 'failed'
  | 'loading'
  | 'empty'
  | 'all_fresh'
  | 'ready';

/** Who keeps the kernel's picture of a notebook current; the graph is asked for after it. */
export interface IFollowed {
  readonly status: IOrderStatus | null;
  readonly error: ApiError | null;
  readonly changed: ISignal<unknown, void>;
  refresh(): Promise<void>;
}

const NOTHING: IGraph = { nodes: [], edges: [] };

/** The graph of the notebook at a path, open or not. */
export class GraphModel extends SectionModel {
  /**
   * @param notebooks - where the notebook is looked for
   * @param path - of the notebook; follows it when it is renamed
   * @param _followerOf - who follows an open notebook
   */
  constructor(
    private readonly _notebooks: INotebooks,
    path: string,
    private readonly _followerOf: (notebook: INotebook) => IFollowed | null
  ) {
    super();
    this._path = path;
    _notebooks.opened.connect(this._find, this);
    this._find();
  }

  /** Emitted when what a reload of the page brings back has changed: the path or the look. */
  get placeChanged(): ISignal<this, void> {
    return this._placeChanged;
  }

  get path(): string {
    return this._path;
  }

  /** The notebook, or null while it is closed. */
  get notebook(): INotebook | null {
    return this._notebook;
  }

  get count(): number | null {
    return this.situation === 'ready' ? this._index.graph.nodes.length : null;
  }

  /** What there is to say instead of a graph. */
  get situation(): Situation {
    if (!this._notebook) {
      return 'closed';
    }
    const link = this._notebook.kernel.state;
    if (link !== 'ready') {
      return link === 'none' ? 'no_kernel' : link;
    }
    if (this._followed?.error ?? this.error) {
      return 'failed';
    }
    if (this._followed?.status?.mode === 'off') {
      return 'off';
    }
    if (!this._isKnown) {
      return 'loading';
    }
    if (this._index.graph.nodes.length === 0) {
      return 'empty';
    }
    return this.shown.nodes.length === 0 ? 'all_fresh' : 'ready';
  }

  /** Why the kernel could not say, or null. */
  get failure(): ApiError | null {
    return this._followed?.error ?? this.error;
  }

  /** Asks the kernel again after it could not say. */
  async retry(): Promise<void> {
    await this._followed?.refresh();
    await this.refresh();
  }

  /** Why a fault switched order off in the kernel; empty when a person did. */
  get offReason(): string {
    return this._followed?.status?.off_reason ?? '';
  }

  /** The whole graph, for questions about cells; empty while it is not known. */
  get index(): GraphIndex {
    return this._index;
  }

  /** What is on the screen: the graph, or the part of it that is not fresh. */
  get shown(): IGraph {
    return this._shown;
  }

  /** The cells that are not fresh, counted by state. */
  get notFresh(): Readonly<Record<Exclude<IGraphNode['state'], 'fresh'>, number>> {
    const counts = { stale: 0, edited: 0, never_run: 0, unknown: 0 };
    for (const { state } of this._index.graph.nodes.filter(isNotFresh)) {
      if (state !== 'fresh') {
        counts[state] += 1;
      }
    }
    return counts;
  }

  /** The chosen cell, or null. */
  get selected(): IGraphNode | null {
    return this._index.node(this._selected);
  }

  get look(): GraphLook {
    return this._look;
  }

  /** Shows the graph or the table. */
  showAs(look: GraphLook): void {
    if (look !== this._look) {
      this._look = look;
      this._placeChanged.emit();
      this.changed();
    }
  }

  /** Whether only the cells that are not fresh are shown. */
  get isOnlyNotFresh(): boolean {
    return this._isOnlyNotFresh;
  }

  /** Shows only the cells that are not fresh, or all. */
  showOnlyNotFresh(value: boolean): void {
    this._isOnlyNotFresh = value;
    this._choosePart();
    this.changed();
  }

  /** Chooses a cell; null chooses none. A cell that the filter hides brings all cells back. */
  select(id: string | null): void {
    if (id !== null && this._index.node(id) && !this._shown.nodes.some(node => node.id === id)) {
      this._isOnlyNotFresh = false;
      this._choosePart();
    }
    if (id !== this._selected) {
      this._before = this._selected;
      this._selected = id;
    }
    this.changed();
  }

  /** Chooses the cell that is active in the notebook, if there is one in the graph; before the graph is known, as soon as it is. */
  selectActive(): void {
    const id = this._notebook?.activeCell ?? null;
    this._wanted = id;
    if (this._index.node(id)) {
      this.select(id);
    }
  }

  /** Chooses the cell `by` rows further down; without a chosen one the first or, going up, the last. */
  step(by: number): void {
    const { nodes } = this._shown;
    const at = nodes.findIndex(({ id }) => id === this._selected);
    const next = at < 0 ? (by > 0 ? 0 : nodes.length - 1) : at + by;
    const node = nodes[Math.max(0, Math.min(nodes.length - 1, next))];
    if (node) {
      this.select(node.id);
    }
  }

  /** Goes along an edge to what the chosen cell reads from, or to what reads it: where one came from, else the closest. */
  follow(direction: Direction): void {
    const from = this.selected;
    if (!from) {
      this.step(1);
      return;
    }
    const candidates = this._index.neighbours(from.id, direction);
    const back = candidates.find(({ id }) => id === this._before);
    const distance = ({ number }: IGraphNode): number => Math.abs(number - from.number);
    const [closest] = [...candidates].sort((a, b) => distance(a) - distance(b));
    const next = back ?? closest;
    if (next) {
      this.select(next.id);
    }
  }

  /** Makes a cell the active one of its notebook, and with `focus` goes there. */
  reveal(id: string, focus: boolean): void {
    this._notebook?.reveal(id, !focus);
  }

  override dispose(): void {
    this._notebooks.opened.disconnect(this._find, this);
    this._watch(null);
    super.dispose();
  }

  protected async load(): Promise<void> {
    const notebook = this._notebook;
    if (!notebook || !this._followed?.status || this._followed.status.mode === 'off') {
      return;
    }
    const graph = await askGraph(notebook.kernel);
    if (notebook === this._notebook) {
      this._index = new GraphIndex(tidy(graph));
      this._isKnown = true;
      this._choosePart();
      if (this._selected === null && this._index.node(this._wanted)) {
        this.select(this._wanted);
      }
      this._wanted = null;
    }
  }

  private _choosePart(): void {
    const { graph } = this._index;
    this._shown = this._isOnlyNotFresh ? partOfGraph(graph, isNotFresh) : graph;
  }

  private _find(): void {
    if (!this._notebook) {
      this._watch(this._notebooks.all.find(({ path }) => path === this._path) ?? null);
    }
  }

  private _watch(notebook: INotebook | null): void {
    this._notebook?.changed.disconnect(this._onMoved, this);
    this._notebook?.closed.disconnect(this._onClosed, this);
    this._notebook?.kernel.stateChanged.disconnect(this._onFollowed, this);
    this._followed?.changed.disconnect(this._onFollowed, this);
    this._notebook = notebook;
    this._followed = notebook && this._followerOf(notebook);
    this._index = new GraphIndex(NOTHING);
    this._shown = NOTHING;
    this._isKnown = false;
    notebook?.changed.connect(this._onMoved, this);
    notebook?.closed.connect(this._onClosed, this);
    notebook?.kernel.stateChanged.connect(this._onFollowed, this);
    this._followed?.changed.connect(this._onFollowed, this);
    this._onFollowed();
  }

  private _onFollowed(): void {
    this.changed();
    if (this._followed?.status) {
      this.invalidate();
    }
  }

  private _onMoved(): void {
    if (this._notebook && this._notebook.path !== this._path) {
      this._path = this._notebook.path;
      this._placeChanged.emit();
      this.changed();
    }
  }

  private _onClosed(): void {
    this._watch(null);
  }

  private readonly _placeChanged = new Signal<this, void>(this);
  private _path: string;
  private _notebook: INotebook | null = null;
  private _followed: IFollowed | null = null;
  private _index = new GraphIndex(NOTHING);
  private _shown: IGraph = NOTHING;
  private _isKnown = false;
  private _selected: string | null = null;
  private _before: string | null = null;
  private _wanted: string | null = null;
  private _look: GraphLook = 'graph';
  private _isOnlyNotFresh = false;
}

/** Whether a cell is to be seen when only those that are not fresh are; one that does not run by its tag counts as neither. */
export function isNotFresh({ state, kept }: IGraphNode): boolean {
  return state !== 'fresh' && kept === '';
}

/** Without empty cells, and without a cell's edges to itself: neither helps to see what depends on what. */
function tidy(graph: IGraph): IGraph {
  const part = partOfGraph(graph, ({ title }) => title.trim() !== '');
  return { nodes: part.nodes, edges: part.edges.filter(({ source, target }) => source !== target) };
}
