import { beforeEach, describe, expect, it } from 'vitest';

import type { Restored, Snapshot } from '../../api/types';
import {
  FakeEvents,
  FakeNotebook,
  FakeNotebooks,
  FakeServer,
  settled
} from '../../ui/__tests__/fakes';
import { SnapshotsClient } from '../client';
import { SnapshotsModel } from '../model';

function snapshot(id: string): Snapshot {
  return {
    id,
    notebook: '/n.ipynb',
    created_at: '2026-01-01T00:00:00Z',
    reason: '',
    cell_runs: 1,
    variables: {},
    env_id: '',
    git_commit: null,
    git_dirty: null,
    size_bytes: 1,
    owner: 'ana',
    session: 's',
    has_kernel: true,
    has_document: true,
    is_trusted: true,
    notebook_id: null,
    name: '',
    parent: null,
    cell_id: null,
    succeeded: null,
    is_clean: null
  };
}

const RESTORED: Restored = {
  id: 's1',
  restored: ['x'],
  recomputed: [],
  not_restored: { socket: 'it holds a socket' },
  removed: [],
  process: [],
  undo: 's2'
};

describe('the history of a notebook', () => {
  let listed: Snapshot[];
  let notebook: FakeNotebook;
  let notebooks: FakeNotebooks;
  let events: FakeEvents;
  let server: FakeServer;
  let model: SnapshotsModel;

  beforeEach(async () => {
    listed = [snapshot('s1')];
    notebook = new FakeNotebook('n.ipynb');
    notebooks = new FakeNotebooks([notebook]);
    events = new FakeEvents();
    server = new FakeServer({
      'GET snapshots': () => ({ snapshots: listed, total: listed.length, cursor: null }),
      'POST snapshots': () => ({ snapshot: snapshot('s2'), part: 'document', note: 'No kernel.' }),
      'POST snapshots/s1/restore': () => RESTORED
    });
    model = new SnapshotsModel(notebooks, new SnapshotsClient(server.call), events);
    model.isActive = true;
    await settled();
  });

  it('is asked for by the path of the notebook', () => {
    expect(server.asked[0]?.[1].query).toMatchObject({ notebook: 'n.ipynb' });
    expect(model.snapshots).toEqual(listed);
    expect(model.count).toBe(1);
  });

  it('saves the notebook before it takes a snapshot, and says what is to say about it', async () => {
    const taken = await model.take('before lunch');
    expect(taken?.snapshot.id).toBe('s2');
    expect(notebook.log).toEqual(['save']);
    expect(model.note).toBe('No kernel.');
    expect(server.asked.find(([name]) => name === 'POST snapshots')?.[1].body).toEqual({
      notebook: 'n.ipynb',
      reason: 'before lunch'
    });
  });

  it('names what a restore left out, until dismissed', async () => {
    await model.restore('s1');
    expect(model.restored?.not_restored).toEqual({ socket: 'it holds a socket' });
    model.dismiss();
    expect(model.restored).toBeNull();
  });

  it('is asked for again after a snapshot was taken elsewhere', async () => {
    listed = [snapshot('s2'), ...listed];
    events.send('snapshot_taken', 's2');
    await settled();
    expect(model.count).toBe(2);
  });

  it('is empty without a notebook', async () => {
    notebooks.choose(null);
    await settled();
    expect(model.snapshots).toEqual([]);
    expect(model.count).toBeNull();
    expect(await model.take('')).toBeNull();
  });
});
