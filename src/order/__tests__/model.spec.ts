import { beforeEach, describe, expect, it } from 'vitest';

import type { ICell } from '../../tokens';
import {
  FakeKernel,
  FakeNotebook,
  FakeNotebooks,
  FakeServer,
  settled
} from '../../ui/__tests__/fakes';
import type { IOrderStatus } from '../client';
import { OrderClient } from '../client';
import { OrderModel } from '../model';

const CELLS: ICell[] = [
  { id: 'a', cell_type: 'code', source: 'x = 1' },
  { id: 't', cell_type: 'markdown', source: '# words' },
  { id: 'b', cell_type: 'code', source: '\n# a comment\ny = x' },
  { id: 'e', cell_type: 'code', source: '  ' }
];

describe('the order of a notebook', () => {
  let status: IOrderStatus;
  let notebook: FakeNotebook;
  let notebooks: FakeNotebooks;
  let server: FakeServer;
  let model: OrderModel;

  beforeEach(async () => {
    status = {
      mode: 'mark',
      cells: {
        a: { state: 'fresh', reasons: [] },
        b: { state: 'stale', reasons: ['x was set again by cell a'] },
        e: { state: 'never_run', reasons: ['it has not run'] }
      }
    };
    const kernel = new FakeKernel({
      'order.sync': () => null,
      'order.status': () => status,
      'order.plan': () => ({ cells: ['b'] }),
      'order.set_mode': args => {
        status = { ...status, ...args };
      }
    });
    notebook = new FakeNotebook('n.ipynb', CELLS, kernel);
    notebooks = new FakeNotebooks([notebook]);
    server = new FakeServer({ 'POST order/check': () => ({ notebook: 'n.ipynb', findings: [] }) });
    model = new OrderModel(notebooks, new OrderClient(server.call), order => order.reasons.join());
    await settled();
  });

  it('is synced to the kernel before it is asked for', () => {
    expect(notebook.kernel.calls.slice(0, 2)).toEqual([
      ['order.sync', { cells: CELLS }],
      ['order.status', {}]
    ]);
  });

  it('lists the cells that are not fresh, without empty ones and text', () => {
    expect(model.listed.map(({ id, number, title }) => [id, number, title])).toEqual([
      ['b', 3, '# a comment']
    ]);
    expect(model.count).toBe(1);
    expect(model.total).toBe(2);
  });

  it('is marked on the cells', () => {
    expect([...notebook.marks]).toEqual([
      ['b', { state: 'stale', text: 'x was set again by cell a' }]
    ]);
  });

  it('loses its marks when it is switched off', async () => {
    await model.setMode('off');
    expect(notebook.marks.size).toBe(0);
    expect(model.listed).toEqual([]);
  });

  it('is asked for again after a run and after an edit', async () => {
    const before = notebook.kernel.calls.length;
    status = { ...status, cells: { a: { state: 'edited', reasons: ['changed'] } } };
    notebook.kernel.pushed.emit('order_changed');
    notebook.changed.emit();
    await settled();
    expect(model.listed.map(({ id }) => id)).toEqual(['a']);
    expect(notebook.kernel.calls.length).toBe(before + 4); // two events, at most two rounds
  });

  it('runs the plan of the kernel', async () => {
    await model.runPlan();
    expect(notebook.log).toEqual(['run b']);
  });

  it('is not known while the kernel restarts, and known again afterwards', async () => {
    notebook.kernel.become('connecting');
    await settled();
    expect(model.status).toBeNull();
    expect(model.count).toBeNull();
    expect(notebook.marks.size).toBe(0);
    notebook.kernel.become('ready');
    await settled();
    expect(model.count).toBe(1);
  });

  it('says what the kernel said when it could not answer', async () => {
    delete notebook.kernel.answers['order.status'];
    await model.refresh();
    expect(model.kernelError?.message).toBe('no order.status');
    expect(model.status).toBeNull();
  });

  it('is checked as saved, until the notebook changes', async () => {
    await model.check();
    expect(notebook.log).toEqual(['save']);
    expect(model.report?.findings).toEqual([]);
    notebook.changed.emit();
    expect(model.report).toBeNull();
  });

  it('is that of the current notebook', () => {
    notebooks.choose(null);
    expect(model.count).toBeNull();
    expect(model.link).toBe('none');
  });
});
