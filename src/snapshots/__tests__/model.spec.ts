import { beforeEach, describe, expect, it } from 'vitest';

import type { Entry, Timeline } from '../../api/types';
import {
  FakeEvents,
  FakeKernel,
  FakeNotebook,
  FakeNotebooks,
  FakeServer,
  settled
} from '../../ui/__tests__/fakes';
import { AutoChoice } from '../auto';
import type { IWhere } from '../client';
import { SnapshotsClient } from '../client';
import { SnapshotsModel } from '../model';
import { entry, preview, restored, snapshot } from './samples';

const THEN = { cells: [{ id: 'c1', cell_type: 'code', source: 'x = 1', outputs: [] }] };
const NOW = { cells: [{ id: 'c1', cell_type: 'code', source: 'x = 2', outputs: [] }] };

describe('the history of a notebook', () => {
  let timeline: Timeline;
  let where: IWhere;
  let kernel: FakeKernel;
  let notebook: FakeNotebook;
  let notebooks: FakeNotebooks;
  let events: FakeEvents;
  let server: FakeServer;
  let model: SnapshotsModel;

  function asked(request: string): unknown[] {
    return server.asked.filter(([name]) => name === request).map(([, { body }]) => body);
  }

  function show(...entries: Entry[]): void {
    timeline = { ...timeline, entries, total: entries.length };
  }

  beforeEach(async () => {
    timeline = { entries: [], total: 0, cursor: null, same: {}, last_clean: 's1' };
    show(entry('s2', 's1', { succeeded: false, is_clean: false }), entry('s1'));
    where = {
      snapshot: 's2',
      runs: 0,
      is_new: false,
      auto: 'each_run',
      can_undo: false,
      can_redo: false
    };
    kernel = new FakeKernel({
      'snapshots.where': () => where,
      'snapshots.set_auto': () => null
    });
    notebook = new FakeNotebook('n.ipynb', [], kernel);
    notebook.document.now = NOW;
    notebooks = new FakeNotebooks([notebook]);
    events = new FakeEvents();
    server = new FakeServer({
      'GET snapshots/timeline': () => timeline,
      'GET snapshots/du': () => ({ notebooks: [] }),
      'POST snapshots': () => ({ snapshot: snapshot('s3'), part: 'document', note: 'No kernel.' }),
      'POST snapshots/document': () => ({ id: null }),
      'POST snapshots/s1/restore': () => restored('s1', 'u'),
      'POST snapshots/undo': () => restored('u', 'v'),
      'POST snapshots/u/document': () => snapshot('u'),
      'POST snapshots/v/document': () => snapshot('v'),
      'GET snapshots/u/document': () => ({ content: NOW }),
      'GET snapshots/s1/document': () => ({ content: THEN }),
      'GET snapshots/s1/preview': () => preview('s1'),
      'POST snapshots/s1/name': () => snapshot('s1')
    });
    model = new SnapshotsModel(
      notebooks,
      new SnapshotsClient(server.call),
      events,
      new AutoChoice()
    );
    model.isActive = true;
    await settled();
  });

  it('is asked for by the path of the notebook, and says where the kernel stands', () => {
    expect(server.asked[0]?.[1].query).toMatchObject({ notebook: 'n.ipynb', which: 'all' });
    expect(model.entries.map(({ id }) => id)).toEqual(['s2', 's1']);
    expect([model.count, model.here, model.lastClean]).toEqual([2, 's2', 's1']);
  });

  it('shows the kernel at the entry that holds the same', async () => {
    timeline = { ...timeline, same: { u: 's1' } };
    where = { ...where, snapshot: 'u' };
    await model.refresh();
    await settled();
    expect(model.here).toBe('s1');
  });

  it('is asked for again when a snapshot is on disk, here or elsewhere', async () => {
    show(entry('s3', 's2'), ...timeline.entries);
    kernel.told.emit({ name: 'snapshot_taken', data: { id: 's3' } });
    await settled();
    expect(model.count).toBe(3);
    show();
    events.send('snapshots_removed');
    await settled();
    expect(model.count).toBe(0);
  });

  it('asks for what was looked at again when a value was purged, here or elsewhere', async () => {
    server.answers['GET snapshots/s1'] = () => ({ ...snapshot('s1'), owner: 'before' });
    await model.look('s1');
    server.answers['GET snapshots/s1'] = () => ({ ...snapshot('s1'), owner: 'after' });
    events.send('snapshots_purged');
    await settled();
    expect(model.details('s1')?.owner).toBe('after');
  });

  it('saves the notebook before it takes a snapshot, and says what is to say about it', async () => {
    await model.take('before lunch');
    expect(notebook.log).toEqual(['save']);
    expect(model.note).toBe('No kernel.');
    expect(asked('POST snapshots')).toEqual([{ notebook: 'n.ipynb', reason: 'before lunch' }]);
  });

  it('asks for more, and for one kind only', async () => {
    model.more();
    await settled();
    model.more();
    await settled();
    model.filter('named');
    await settled();
    const queries = server.asked
      .filter(([name]) => name === 'GET snapshots/timeline')
      .map(([, { query }]) => [query?.['which'], query?.['limit']]);
    expect(queries).toEqual([
      ['all', 60],
      ['all', 120],
      ['all', 240],
      ['named', 60]
    ]);
  });

  it('is empty without a notebook', async () => {
    notebooks.choose(null);
    await settled();
    expect([model.entries, model.count]).toEqual([[], null]);
    expect(await model.take('')).toBeNull();
  });

  it('tells the kernel and the notebook when nothing is to be kept by itself', async () => {
    await model.setAuto('off');
    expect([model.auto, notebook.choice('snapshots', 'auto')]).toEqual(['off', 'off']);
    expect(kernel.calls).toContainEqual(['snapshots.set_auto', { mode: 'off' }]);
    await model.setAuto(null);
    expect([model.auto, notebook.choice('snapshots', 'auto')]).toEqual(['each_run', undefined]);
  });

  describe('going back', () => {
    it('shows first what it would do, and does nothing', async () => {
      await model.travel.consider(entry('s1'));
      expect(model.travel.plan).toMatchObject({
        withVariables: true,
        withDocument: true,
        changes: [{ kind: 'text', number: 1, title: 'x = 2' }]
      });
      expect(notebook.document.log).toEqual([]);
      model.travel.cancel();
      expect(model.travel.plan).toBeNull();
    });

    it('keeps what is on the screen, brings variables and the document back, and says what did not come', async () => {
      await model.travel.consider(entry('s1'));
      await model.travel.go();
      expect(asked('POST snapshots/document')).toEqual([
        { notebook: 'n.ipynb', content: NOW, parent: 's2' }
      ]);
      expect(asked('POST snapshots/s1/restore')).toEqual([
        { notebook: 'n.ipynb', names: null, trust: false, recompute: false }
      ]);
      expect(asked('POST snapshots/u/document')).toMatchObject([{ content: NOW }]);
      expect(notebook.document.now).toEqual(THEN);
      expect(notebook.document.log).toEqual(['all trusted']);
      expect(model.travel.arrival?.restored?.not_restored).toEqual({
        socket: 'it holds a socket'
      });
    });

    it('is considered for another state while one is open, with the details of both', async () => {
      server.answers['GET snapshots/s1'] = () => snapshot('s1');
      server.answers['GET snapshots/s2'] = () => snapshot('s2');
      server.answers['GET snapshots/s2/preview'] = () => preview('s2');
      server.answers['GET snapshots/s2/document'] = () => ({ content: NOW });
      await Promise.all([model.look('s1'), model.look('s2')]);
      expect([model.details('s1')?.id, model.details('s2')?.id]).toEqual(['s1', 's2']);
      expect(model.busyWith).toBeNull();
      await model.travel.consider(entry('s1'));
      await model.look('s2');
      await model.travel.consider(entry('s2'));
      expect(model.travel.plan?.entry.id).toBe('s2');
    });

    it('brings only what was chosen', async () => {
      await model.travel.consider(entry('s1'));
      model.travel.choose({ names: new Set(['x']), withDocument: false, recompute: true });
      await model.travel.go();
      expect(asked('POST snapshots/s1/restore')).toMatchObject([{ names: ['x'], recompute: true }]);
      expect(notebook.document.log).toEqual([]);
    });

    it('leaves everything as it was when the kernel refuses', async () => {
      delete server.answers['POST snapshots/s1/restore'];
      await model.travel.consider(entry('s1'));
      await model.travel.go();
      expect(notebook.document.log).toEqual([]);
      expect(model.travel.arrival).toBeNull();
      expect(model.travel.plan).not.toBeNull();
      expect(model.error?.code).toBe('not_found');
    });

    it('is taken back with the document that was replaced', async () => {
      await model.travel.consider(entry('s1'));
      await model.travel.go();
      await model.travel.undo();
      expect(notebook.document.now).toEqual(NOW);
      expect(model.travel.arrival?.kind).toBe('undone');
    });

    it('goes to the last clean state at once', async () => {
      await model.travel.backToClean();
      expect(notebook.document.now).toEqual(THEN);
      expect(model.travel.arrival?.entry?.id).toBe('s1');
    });
  });

  describe('a state from elsewhere', () => {
    beforeEach(async () => {
      server.answers['GET snapshots/s1/preview'] = () => preview('s1', { needs_consent: true });
      await model.travel.consider(entry('s1', null, { is_trusted: false }));
    });

    it('gives its document only, which may run nothing, until the user says more', async () => {
      expect(model.travel.plan?.withVariables).toBe(false);
      await model.travel.go();
      expect(asked('POST snapshots/s1/restore')).toEqual([]);
      expect(notebook.document.log).toEqual(['all']);
    });

    it('gives its variables once the user trusts who made it', async () => {
      await model.travel.go(true);
      expect(asked('POST snapshots/s1/restore')).toMatchObject([{ trust: true }]);
    });
  });

  describe('undoing a run', () => {
    it('brings variables and outputs of the state before it, and leaves what was typed', async () => {
      await model.travel.undoRun();
      expect(asked('POST snapshots/s1/restore')).toHaveLength(1);
      expect(notebook.document.log).toEqual(['outputs trusted']);
    });

    it('can be done again until a cell runs', async () => {
      await model.travel.undoRun();
      where = { ...where, snapshot: 's1' };
      await model.refresh();
      await settled();
      expect(model.travel.canRedoRun).toBe(true);
      where = { ...where, snapshot: 's3' };
      await model.refresh();
      await settled();
      expect(model.travel.canRedoRun).toBe(false);
    });

    it('can be done again at once, while the history is still on its way', async () => {
      let arrive = (): void => undefined;
      server.answers['GET snapshots/timeline'] = () =>
        new Promise(resolve => {
          arrive = () => {
            resolve(timeline);
          };
        });
      where = { ...where, snapshot: 's1' };
      const undoing = model.travel.undoRun();
      await settled();
      expect(model.travel.arrival?.kind).toBe('run_undone');
      expect(model.travel.canRedoRun).toBe(true);
      arrive();
      await undoing;
      expect(model.travel.canRedoRun).toBe(true);
    });

    it('stays undone, to be done again, when the kernel refuses', async () => {
      await model.travel.undoRun();
      where = { ...where, snapshot: 's1' };
      await model.refresh();
      await settled();
      delete server.answers['POST snapshots/undo'];
      await model.travel.redoRun();
      expect(model.error?.code).toBe('not_found');
      expect(model.travel.canRedoRun).toBe(true);
    });

    it('goes to the last snapshot when cells ran without one since', async () => {
      where = { ...where, snapshot: 's1', runs: 2 };
      await model.refresh();
      await settled();
      expect(model.travel.beforeRun?.id).toBe('s1');
    });

    it('works while nobody looks at the section', async () => {
      model.isActive = false;
      where = { ...where, snapshot: 's3' };
      show(entry('s3', 's1'), ...timeline.entries);
      await model.learn();
      expect(model.travel.beforeRun?.id).toBe('s1');
    });

    it('is not offered at the beginning', async () => {
      where = { ...where, snapshot: 's1' };
      await model.refresh();
      await settled();
      expect(model.travel.beforeRun).toBeNull();
    });
  });
});
