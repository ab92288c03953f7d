import { beforeEach, describe, expect, it } from 'vitest';

import type { ICell } from '../../tokens';
import type { OrderPolicy } from '../../api/types';
import { FakeKernel, FakeNotebook, settled } from '../../ui/__tests__/fakes';
import { ModeChoice } from '../choice';
import type { IAdvice, IOrderStatus } from '../client';
import { OrderFollower } from '../follower';
import { Answers, OrderGuard } from '../guard';

const CELLS: ICell[] = ['a', 'b', 'c'].map(id => ({ id, cell_type: 'code', source: id }));
const RUN: IAdvice = { decision: 'run', message: '', stale_inputs: [], plan: [] };
const WARN: IAdvice = { decision: 'warn', message: '', stale_inputs: ['a'], plan: ['a'] };

const QUESTIONS = {
  advice: (advice: IAdvice, _: unknown, __: unknown, cellIds: readonly string[]) => ({
    cellId: cellIds[0] ?? '',
    kind: 'warn' as const,
    title: advice.decision,
    text: cellIds.join(),
    answers: []
  }),
  kept: (cell: ICell) => ({
    cellId: cell.id,
    kind: 'note' as const,
    title: 'kept',
    text: '',
    answers: []
  }),
  slow: (cellIds: readonly string[]) => ({
    cellId: cellIds[0] ?? '',
    kind: 'warn' as const,
    title: 'slow',
    text: cellIds.join(),
    answers: []
  })
};

describe('the guard of runs', () => {
  let mode: IOrderStatus['mode'];
  let states: IOrderStatus['cells'];
  let advice: IAdvice | Promise<IAdvice>;
  let notebook: FakeNotebook;
  let guard: OrderGuard;
  let policy: Promise<OrderPolicy>;

  const admitted = async (...ids: string[]): Promise<string[]> => [
    ...(await guard.admit(notebook, ids))
  ];
  const asked = (): object[] =>
    notebook.kernel.calls.filter(([name]) => name === 'order.ask').map(([, args]) => args);

  beforeEach(async () => {
    mode = 'warn';
    states = {};
    advice = RUN;
    policy = Promise.resolve({ mode: 'mark', floor: null });
    const status = (): IOrderStatus => ({
      mode,
      cells: states,
      floor: null,
      off_reason: '',
      summary: { fresh: 0, stale: 0, edited: 0, never_run: 0, unknown: 0, kept: 0 }
    });
    const kernel = new FakeKernel({
      'order.sync': status,
      'order.status': status,
      'order.graph': () => ({
        nodes: [],
        edges: [{ source: 'a', target: 'b', names: ['x'], kind: 'name' }]
      }),
      'order.ask': () => advice,
      'order.after': args =>
        (args as { cell_id: string }).cell_id === 'a'
          ? { cells: ['b'], slow: ['c'] }
          : { cells: [], slow: [] }
    });
    notebook = new FakeNotebook('n.ipynb', CELLS, kernel);
    const follower = new OrderFollower(
      notebook,
      new ModeChoice(),
      () => '',
      () => policy
    );
    guard = new OrderGuard(() => follower, QUESTIONS, 20);
    await settled();
  });

  it('watches the modes that ask, and cells that are kept', async () => {
    expect(guard.isWatching(notebook)).toBe(true);
    mode = 'mark';
    notebook.kernel.pushed.emit('order_changed');
    await settled();
    expect(guard.isWatching(notebook)).toBe(false);
    notebook.tag('c', 'skip', true);
    await settled();
    expect(guard.isWatching(notebook)).toBe(true);
    notebook.kernel.become('absent');
    await settled();
    expect(guard.isWatching(notebook)).toBe(false);
  });

  it('asks the kernel once about cells that run together, and nobody when they may', async () => {
    expect(await admitted('a', 'b')).toEqual(['a', 'b']);
    expect(asked()).toEqual([{ cell_ids: ['a', 'b'] }]);
    expect(notebook.questions).toEqual([]);
  });

  it('tells the kernel of an edit before it asks', async () => {
    notebook.content = [{ id: 'a', cell_type: 'code', source: 'edited a moment ago' }];
    await admitted('a');
    expect(notebook.kernel.calls.slice(-2).map(([name]) => name)).toEqual([
      'order.sync',
      'order.ask'
    ]);
  });

  it('runs nothing until the user has chosen, and nothing when the question is dismissed', async () => {
    advice = WARN;
    notebook.answer = null;
    let ended: string[] | null = null;
    const waiting = admitted('b').then(ids => {
      ended = ids;
    });
    await settled();
    expect(ended).toBeNull();
    notebook.reply(null);
    await waiting;
    expect(ended).toEqual([]);
    expect(notebook.log).toEqual([]);
  });

  it('runs the plan first, or what was asked for all the same', async () => {
    advice = WARN;
    notebook.answer = () => Answers.first;
    expect(await admitted('b')).toEqual(['b']);
    expect(notebook.log).toEqual(['run a']);
    guard.ended(notebook, 'b', true);
    notebook.answer = () => Answers.run;
    expect(await admitted('b')).toEqual(['b']);
    expect(notebook.log).toEqual(['run a']);
  });

  it('tells the kernel of an edit before a run that it is not asked about, once for cells that begin together', async () => {
    notebook.content = [{ id: 'a', cell_type: 'code', source: 'edited a moment ago' }];
    const before = notebook.kernel.calls.length;
    await Promise.all([guard.began(notebook, 'a'), guard.began(notebook, 'b')]);
    expect(notebook.kernel.calls.slice(before).map(([name]) => name)).toEqual(['order.sync']);
  });

  it('says which cells come next where the kernel is not told by name, in order, and which are over', async () => {
    notebook.kernel.answers['order.expect'] = () => null;
    const expected = (): object[] =>
      notebook.kernel.calls.filter(([name]) => name === 'order.expect').map(([, args]) => args);
    await Promise.all(['b', 'a', 'b'].map(id => guard.began(notebook, id, true)));
    await guard.began(notebook, 'c');
    expect(expected()).toEqual([{ cell_ids: ['b', 'a', 'b'], ended: [] }]);
    for (const id of ['b', 'a', 'c']) {
      guard.ended(notebook, id, true);
    }
    await guard.began(notebook, 'a', true);
    expect(expected().slice(1)).toEqual([{ cell_ids: ['a'], ended: ['a'] }]); // b is still to come once
  });

  it('makes one question of two', async () => {
    advice = WARN;
    notebook.answer = null;
    const first = admitted('b');
    await settled();
    const second = admitted('c');
    await settled();
    expect(notebook.questions.map(({ text }) => text)).toEqual(['b', 'b,c']);
    notebook.reply(Answers.run);
    expect(await first).toEqual(['b', 'c']);
    expect(await second).toEqual(['b', 'c']);
  });

  it('goes by the last word when the kernel runs something', async () => {
    states = { a: { state: 'stale', reasons: [] } };
    notebook.kernel.pushed.emit('order_changed');
    await settled();
    void guard.began(notebook, 'c');
    expect(await admitted('b')).toEqual([]);
    expect(asked()).toEqual([]);
    expect(notebook.questions.map(({ title }) => title)).toEqual(['warn']);
    void guard.began(notebook, 'a');
    expect(await admitted('b')).toEqual(['b']);
  });

  it('never keeps a cell from running because the kernel fails or is slow', async () => {
    advice = new Promise(() => undefined);
    expect(await admitted('b')).toEqual(['b']);
    guard.ended(notebook, 'b', true);
    delete notebook.kernel.answers['order.ask'];
    expect(await admitted('b')).toEqual(['b']);
  });

  it('passes over kept cells among others, and asks about one alone', async () => {
    notebook.tag('b', 'skip', true);
    await settled();
    expect(await admitted('a', 'b', 'c')).toEqual(['a', 'c']);
    expect(await admitted('b')).toEqual([]);
    notebook.answer = () => Answers.untag;
    expect(await admitted('b')).toEqual(['b']);
    expect(notebook.content[1]?.tags).toEqual([]);
  });

  it('runs the dependants in reactive, and asks about slow ones', async () => {
    mode = 'reactive';
    states = { b: { state: 'stale', reasons: [] } };
    notebook.kernel.pushed.emit('order_changed');
    await settled();
    guard.settled(notebook, ['a'], true);
    await settled();
    expect(notebook.log).toEqual(['run b']);
    expect(notebook.questions.map(({ title, text }) => `${title} ${text}`)).toEqual(['slow c']);
  });

  it('runs no dependants from an untrusted notebook, or after an error, or in another mode', async () => {
    states = { b: { state: 'stale', reasons: [] } };
    guard.settled(notebook, ['a'], true);
    mode = 'reactive';
    notebook.kernel.pushed.emit('order_changed');
    await settled();
    guard.settled(notebook, ['a'], false);
    notebook.isTrusted = false;
    guard.settled(notebook, ['a'], true);
    await settled();
    expect(notebook.log).toEqual([]);
  });

  it('keeps to linear by itself where the kernel speaks another language', async () => {
    notebook.kernel.language = 'echo';
    notebook.kernel.become('foreign');
    notebook.choose('order', 'mode', 'linear');
    await settled();
    expect(guard.isWatching(notebook)).toBe(true);
    expect(await admitted('b')).toEqual([]);
    notebook.answer = () => Answers.first;
    expect(await admitted('b')).toEqual(['b']);
    expect(notebook.log).toEqual(['run a']);
    expect(notebook.kernel.calls.filter(([name]) => name === 'order.ask')).toEqual([]);
  });

  it('keeps to a floor of linear there, whatever the notebook chose, from the first run on', async () => {
    let told: (policy: OrderPolicy) => void = () => undefined;
    policy = new Promise(resolve => {
      told = resolve;
    });
    notebook.choose('order', 'mode', 'off');
    notebook.kernel.become('foreign');
    expect(guard.isWatching(notebook)).toBe(true); // nobody has said that it may run
    const early = admitted('b');
    told({ mode: 'mark', floor: 'linear' });
    expect(await early).toEqual([]);
    expect(guard.isWatching(notebook)).toBe(true);
    expect(await admitted('a')).toEqual(['a']);
  });

  it('asks nothing there when the floor is one for Python alone, and lets cells run when nobody knows it', async () => {
    policy = Promise.resolve({ mode: 'mark', floor: 'block' });
    notebook.kernel.become('foreign');
    await settled();
    expect(guard.isWatching(notebook)).toBe(false);
    policy = Promise.reject(new Error('no server'));
    notebook.kernel.become('foreign');
    expect(await admitted('b')).toEqual(['b']);
    expect(guard.isWatching(notebook)).toBe(false);
  });

  it('goes by the mode of the settings there', async () => {
    policy = Promise.resolve({ mode: 'linear', floor: null });
    notebook.kernel.become('foreign');
    await settled();
    expect(await admitted('b')).toEqual([]);
  });
});
