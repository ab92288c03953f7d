import { beforeEach, describe, expect, it } from 'vitest';

import type { ICell } from '../../tokens';
import {
  FakeKernel,
  FakeNotebook,
  FakeNotebooks,
  FakeServer,
  settled
} from '../../ui/__tests__/fakes';
import { ModeChoice } from '../choice';
import type { IOrderStatus, OrderMode } from '../client';
import { OrderClient } from '../client';
import { OrderModel } from '../model';

const VOUCHED = { state: 'fresh', reasons: ['vouched for at 14:02'], vouched: true } as const;
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
  let choice: ModeChoice;
  let model: OrderModel;

  beforeEach(async () => {
    status = {
      mode: 'mark',
      floor: null,
      off_reason: '',
      summary: { fresh: 1, stale: 1, edited: 0, never_run: 0, unknown: 0, kept: 0 },
      cells: {
        a: { state: 'fresh', reasons: [] },
        b: { state: 'stale', reasons: ['x was set again by cell a'] },
        e: { state: 'never_run', reasons: ['it has not run'] }
      }
    };
    const kernel = new FakeKernel({
      'order.sync': args => {
        const { mode } = args as { mode: IOrderStatus['mode'] | null };
        status = { ...status, mode: mode ?? 'mark' };
        return status;
      },
      'order.status': () => status,
      'order.plan': () => ({ cells: ['b'], restart: '' }),
      'order.vouch': () => {
        status = { ...status, cells: { ...status.cells, b: VOUCHED } };
        return status;
      }
    });
    notebook = new FakeNotebook('n.ipynb', CELLS, kernel);
    notebooks = new FakeNotebooks([notebook]);
    server = new FakeServer({
      'POST order/check': () => ({ notebook: 'n.ipynb', findings: [] }),
      'GET order/policy': () => ({ mode: 'mark', floor: null })
    });
    choice = new ModeChoice();
    model = new OrderModel(notebooks, new OrderClient(server.call), choice, order =>
      order.reasons.join()
    );
    await settled();
  });

  it('is synced to the kernel, whose answer says where the cells stand', () => {
    expect(notebook.kernel.calls).toEqual([
      ['order.sync', { cells: CELLS, mode: null, trusted: true }]
    ]);
  });

  it('is not synced again when nothing of it has changed', async () => {
    notebook.changed.emit();
    await settled();
    expect(notebook.kernel.calls.length).toBe(1);
  });

  it('allows in other languages off and linear, and only linear where the policy says so', async () => {
    notebook.kernel.become('foreign');
    await settled();
    expect(['off', 'warn', 'linear'].map(mode => model.allows(mode as OrderMode))).toEqual([
      true,
      false,
      true
    ]);
    server.answers['GET order/policy'] = () => ({ mode: 'mark', floor: 'linear' });
    notebook.kernel.become('foreign');
    await settled();
    expect(model.floor).toBe('linear');
    expect(model.mode).toBe('linear');
    expect(model.allows('off')).toBe(false);
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
    await model.choose('off');
    expect(notebook.marks.size).toBe(0);
    expect(model.listed).toEqual([]);
  });

  it('is asked for again after a run and after an edit, once each', async () => {
    status = { ...status, cells: { a: { state: 'edited', reasons: ['changed'] } } };
    notebook.kernel.pushed.emit('order_changed');
    await settled();
    notebook.content = [{ id: 'a', cell_type: 'code', source: 'x = 2' }];
    notebook.changed.emit();
    await settled();
    expect(model.listed.map(({ id }) => id)).toEqual(['a']);
    expect(notebook.kernel.calls.slice(1).map(([name]) => name)).toEqual([
      'order.status',
      'order.sync'
    ]);
  });

  it('keeps in the notebook only what a person chose, and forgets it again', async () => {
    choice.own = 'warn';
    await settled();
    expect(notebook.choices.size).toBe(0);
    expect(model.mode).toBe('warn');
    await model.choose('block');
    expect([...notebook.choices]).toEqual([['order.mode', 'block']]);
    expect(model.mode).toBe('block');
    await model.choose(null);
    expect(notebook.choices.size).toBe(0);
    expect(model.mode).toBe('warn');
  });

  it('allows no mode below the floor of the team', () => {
    status = { ...status, floor: 'warn' };
    notebook.kernel.pushed.emit('order_changed');
    return settled().then(() => {
      expect(model.allows('mark')).toBe(false);
      expect(model.allows('reactive')).toBe(true);
      expect(model.allows('linear')).toBe(true);
    });
  });

  it('allows linear only where the kernel speaks another language', async () => {
    notebook.kernel.become('foreign');
    await settled();
    expect(model.allows('warn')).toBe(false);
    expect(model.allows('linear')).toBe(true);
  });

  it('takes the word of the user for a cell', async () => {
    await model.vouch('b');
    expect(model.listed).toEqual([]);
    expect(model.aside.map(({ id }) => id)).toEqual(['b']);
  });

  it('keeps a cell from running by one tag at a time', () => {
    model.keep('a', 'skip', true);
    model.keep('a', 'frozen', true);
    expect(notebook.content[0]?.tags).toEqual(['frozen']);
    model.keep('a', 'frozen', false);
    expect(notebook.content[0]?.tags).toEqual([]);
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
