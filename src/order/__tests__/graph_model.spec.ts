import { Signal } from '@lumino/signaling';
import { beforeEach, describe, expect, it } from 'vitest';

import type { ApiError } from '../../api/client';
import { FakeKernel, FakeNotebook, FakeNotebooks, settled } from '../../ui/__tests__/fakes';
import type { IOrderStatus } from '../client';
import type { IGraph } from '../graph';
import type { IFollowed } from '../graph_model';
import { GraphModel } from '../graph_model';
import { cell, link } from './graph_samples';

/** Who follows a notebook, as far as the graph needs it. */
class FakeFollower implements IFollowed {
  status: IOrderStatus | null = { mode: 'mark', cells: {} } as unknown as IOrderStatus;
  error: ApiError | null = null;
  readonly changed = new Signal<this, void>(this);

  async refresh(): Promise<void> {
    this.changed.emit();
  }
}

const GRAPH: IGraph = {
  nodes: [
    cell(1),
    cell(2, { state: 'stale', reasons: ['`x1` was changed by cell 1'] }),
    cell(4),
    cell(5, { state: 'edited' }),
    cell(6, { title: '' })
  ],
  edges: [link(1, 2), link(1, 4), link(2, 5), link(4, 5), link(5, 5)]
};

describe('the dependency graph of a notebook', () => {
  let graph: IGraph;
  let notebook: FakeNotebook;
  let notebooks: FakeNotebooks;
  let follower: FakeFollower;
  let model: GraphModel;

  beforeEach(async () => {
    graph = GRAPH;
    notebook = new FakeNotebook('n.ipynb', [], new FakeKernel({ 'order.graph': () => graph }));
    notebooks = new FakeNotebooks([notebook]);
    follower = new FakeFollower();
    model = new GraphModel(notebooks, 'n.ipynb', () => follower);
    model.isActive = true;
    await settled();
  });

  const asked = (): number =>
    notebook.kernel.calls.filter(([name]) => name === 'order.graph').length;

  it('is shown without empty cells and without a cell that reads itself', () => {
    expect(model.situation).toBe('ready');
    expect(model.shown.nodes.map(({ number }) => number)).toEqual([1, 2, 4, 5]);
    expect(model.shown.edges).toHaveLength(4);
    expect(model.notFresh).toEqual({ stale: 1, edited: 1, never_run: 0, unknown: 0 });
  });

  it('is asked for again after the kernel was, and only while somebody looks', async () => {
    expect(asked()).toBe(1);
    follower.changed.emit();
    await settled();
    expect(asked()).toBe(2);
    model.isActive = false;
    follower.changed.emit();
    follower.changed.emit();
    await settled();
    expect(asked()).toBe(2);
    model.isActive = true;
    await settled();
    expect(asked()).toBe(3);
  });

  it('keeps the chosen cell when it changes, and lets it go when the cell does', async () => {
    model.select('c4');
    graph = { nodes: [cell(1), cell(3, { id: 'c4' })], edges: [] };
    await model.refresh();
    expect(model.selected?.number).toBe(3);
    graph = { nodes: [cell(1)], edges: [] };
    await model.refresh();
    expect(model.selected).toBeNull();
  });

  it('is walked row by row, to the first and to the last', () => {
    const walk = [1, 1, 1, -1, Infinity, 1, -Infinity, -1].map(by => {
      model.step(by);
      return model.selected?.number;
    });
    expect(walk).toEqual([1, 2, 4, 2, 5, 5, 1, 1]);
  });

  it('is walked along its edges, and the same way back', () => {
    model.select('c1');
    model.follow('down');
    expect(model.selected?.id).toBe('c2'); // the closest of 2 and 4
    model.follow('down');
    expect(model.selected?.id).toBe('c5');
    model.follow('up');
    expect(model.selected?.id).toBe('c2'); // where one came from, though 4 is closer
    model.follow('up');
    model.follow('up');
    expect(model.selected?.id).toBe('c1'); // the end
  });

  it('is reduced to what is not fresh, until a hidden cell is chosen', () => {
    model.showOnlyNotFresh(true);
    expect(model.shown.nodes.map(({ number }) => number)).toEqual([2, 5]);
    expect(model.shown.edges).toEqual([link(2, 5)]);
    model.select('c5');
    expect(model.isOnlyNotFresh).toBe(true);
    model.follow('up');
    model.select('c1');
    expect(model.isOnlyNotFresh).toBe(false);
  });

  it('says so when the filter leaves nothing', async () => {
    graph = { nodes: [cell(1)], edges: [] };
    await model.refresh();
    model.showOnlyNotFresh(true);
    expect(model.situation).toBe('all_fresh');
  });

  it('leads to the cell, with the keyboard or without', () => {
    model.reveal('c2', true);
    model.reveal('c2', false);
    expect(notebook.log).toEqual(['reveal c2', 'show c2']);
  });

  it('tells when what is to be remembered has changed', () => {
    const told: string[] = [];
    model.placeChanged.connect(({ path, look }) => told.push(`${path} ${look}`));
    model.showAs('table');
    model.showAs('table');
    (notebook as { path: string }).path = 'm.ipynb';
    notebook.changed.emit();
    expect(told).toEqual(['n.ipynb table', 'm.ipynb table']);
  });

  it('waits for a closed notebook, and finds it when it is opened again', async () => {
    notebook.closed.emit();
    notebooks.all = [];
    expect(model.situation).toBe('closed');
    const again = new FakeNotebook('n.ipynb', [], notebook.kernel);
    notebooks.all = [again];
    notebooks.opened.emit(again);
    await settled();
    expect(model.situation).toBe('ready');
  });

  it.each([
    ['none', 'no_kernel'],
    ['connecting', 'connecting'],
    ['absent', 'absent'],
    ['foreign', 'foreign']
  ] as const)('says what is the matter with a kernel that is %s', (link, situation) => {
    notebook.kernel.become(link);
    expect(model.situation).toBe(situation);
  });

  it('says that order is off, and why', () => {
    follower.status = { mode: 'off', cells: {}, off_reason: 'a fault' } as unknown as IOrderStatus;
    follower.changed.emit();
    expect(model.situation).toBe('off');
    expect(model.offReason).toBe('a fault');
  });

  it('says what the kernel said when it could not answer, until it can', async () => {
    const answer = notebook.kernel.answers['order.graph'];
    delete notebook.kernel.answers['order.graph'];
    await model.refresh();
    expect(model.situation).toBe('failed');
    expect(model.failure?.message).toBe('no order.graph');
    notebook.kernel.answers['order.graph'] = answer ?? (() => graph);
    await model.retry();
    expect(model.situation).toBe('ready');
  });

  it('has nothing to show for a notebook without code', async () => {
    graph = { nodes: [cell(1, { title: ' ' })], edges: [] };
    await model.refresh();
    expect(model.situation).toBe('empty');
  });

  it('chooses the active cell of the notebook as soon as the graph is known', async () => {
    Object.assign(notebook, { activeCell: 'c4' });
    const late = new GraphModel(notebooks, 'n.ipynb', () => follower);
    late.selectActive();
    expect(late.selected).toBeNull();
    late.isActive = true;
    await settled();
    expect(late.selected?.id).toBe('c4');
  });
});
