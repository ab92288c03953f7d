import { expect, it } from 'vitest';

import {
  FakeEvents,
  FakeKernel,
  FakeNotebook,
  FakeNotebooks,
  FakeServer,
  settled
} from '../../ui/__tests__/fakes';
import { AutoChoice } from '../auto';
import { SnapshotsClient } from '../client';
import { SnapshotsModel } from '../model';
import { Turns } from '../turns';
import { entry, restored, snapshot } from './samples';

const DOCUMENT = { content: { cells: [] } };

it('obeys every key, in order, though each restore takes longer than the next key needs', async () => {
  let at = 's3';
  const went: string[] = [];
  const goTo = (id: string, before: string) => async () => {
    await settled();
    at = id;
    went.push(id);
    return restored(id, before);
  };
  const kernel = new FakeKernel({
    'snapshots.where': () => ({
      snapshot: at,
      runs: 0,
      is_new: false,
      auto: 'each_run',
      can_undo: true,
      can_redo: false
    })
  });
  const entries = [entry('s3', 's2'), entry('s2', 's1'), entry('s1')];
  const server = new FakeServer({
    'GET snapshots/timeline': () => ({
      entries,
      total: 3,
      cursor: null,
      same: {},
      last_clean: null
    }),
    'GET snapshots/du': () => ({ notebooks: [] }),
    'POST snapshots/document': () => ({ id: null }),
    'GET snapshots/s1/document': () => DOCUMENT,
    'GET snapshots/s2/document': () => DOCUMENT,
    'POST snapshots/s2/document': () => snapshot('s2'),
    'POST snapshots/s3/document': () => snapshot('s3'),
    'POST snapshots/s1/document': () => snapshot('s1'),
    'POST snapshots/s2/restore': goTo('s2', 's3'),
    'POST snapshots/s1/restore': goTo('s1', 's2'),
    'POST snapshots/undo': goTo('s2', 's1')
  });
  const model = new SnapshotsModel(
    new FakeNotebooks([new FakeNotebook('n.ipynb', [], kernel)]),
    new SnapshotsClient(server.call),
    new FakeEvents(),
    new AutoChoice()
  );
  model.isActive = true;
  await settled();
  const turns = new Turns(model);
  const { travel } = model;
  const pressed = [
    turns.take(() => travel.undoRun()),
    turns.take(() => travel.undoRun()),
    turns.take(() => travel.redoRun())
  ];
  expect(turns.isTaken).toBe(true);
  expect(await Promise.all(pressed)).toEqual([true, true, true]);
  expect(turns.isTaken).toBe(false);
  expect(went).toEqual(['s2', 's1', 's2']);
});
