import { beforeEach, describe, expect, it } from 'vitest';

import type { Run } from '../../api/types';
import {
  FakeEvents,
  FakeNotebook,
  FakeNotebooks,
  FakeServer,
  settled
} from '../../ui/__tests__/fakes';
import { ModelsClient } from '../client';
import { ModelsModel } from '../model';

function run(models: Run['models'] = []): Run {
  return {
    run_id: 'r1',
    name: 'calm-fox',
    experiment: 'Default',
    status: 'FINISHED',
    user: 'ana',
    started_at: null,
    ended_at: null,
    params: {},
    metrics: { accuracy: 0.5 },
    tags: {},
    notebook: null,
    snapshot_id: null,
    job_id: null,
    models
  };
}

describe('runs and models', () => {
  let events: FakeEvents;
  let server: FakeServer;
  let notebook: FakeNotebook;
  let model: ModelsModel;

  beforeEach(async () => {
    events = new FakeEvents();
    notebook = new FakeNotebook('n.ipynb');
    const logged = { model_id: 'm1', name: 'tumours', status: 'READY', digest: null };
    server = new FakeServer({
      'GET runs': () => ({ runs: [run()], total: 1, cursor: null }),
      'GET runs/r1': () => run([logged]),
      'GET models': () => ({ models: [], total: 0, cursor: null }),
      'POST runs/r1/register': () => ({ name: 'tumours', version: 1 })
    });
    model = new ModelsModel(new ModelsClient(server.call), events, new FakeNotebooks([notebook]));
    model.isActive = true;
    await settled();
  });

  it('are listed, and asked for again when a run was logged', async () => {
    expect(model.count).toBe(1);
    const before = server.asked.length;
    events.send('run_logged', 'r2');
    await settled();
    expect(server.asked.length).toBe(before + 2);
  });

  it('are asked for again after a cell has run', async () => {
    const before = server.asked.length;
    notebook.kernel.pushed.emit('order_changed');
    await settled();
    expect(server.asked.length).toBe(before + 2);
  });

  it('know the models of a run once it was opened', async () => {
    const [listed] = model.runs;
    expect(listed && model.whole(listed).models).toEqual([]);
    await model.openRun('r1');
    expect(listed && model.whole(listed).models.length).toBe(1);
    expect(model.nameOfModel('r1')).toBe('tumours');
  });

  it('are registered under a name', async () => {
    expect((await model.register('r1', 'tumours'))?.version).toBe(1);
    expect(server.asked.find(([name]) => name.startsWith('POST'))?.[1].body).toEqual({
      name: 'tumours'
    });
  });
});
