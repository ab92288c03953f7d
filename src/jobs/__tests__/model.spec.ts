import { beforeEach, describe, expect, it } from 'vitest';

import type { Job } from '../../api/types';
import { FakeEvents, FakeServer, settled } from '../../ui/__tests__/fakes';
import { JobsClient } from '../client';
import { JobsModel } from '../model';

function job(id: string, state: Job['state']): Job {
  return {
    id,
    state,
    reason: '',
    notebook: '/n.ipynb',
    parameters: {},
    executor: 'local',
    host: null,
    attempt: 1,
    submitted_at: '2026-01-01T00:00:00Z',
    started_at: null,
    ended_at: null,
    failed_cell: null,
    output: null,
    run_id: null,
    snapshot_id: null,
    env_id: null,
    owner: 'ana',
    image: null,
    resources: { cpus: null, memory_bytes: null },
    timeout_s: null,
    retries: 0,
    labels: {},
    kernel: 'python3',
    interpreter: 'python',
    cells_done: 0,
    cells_total: 0,
    is_cancelling: false
  };
}

describe('the jobs', () => {
  let jobs: Job[];
  let events: FakeEvents;
  let server: FakeServer;
  let model: JobsModel;

  function asked(request: string): number {
    return server.asked.filter(([name]) => name === request).length;
  }

  beforeEach(() => {
    jobs = [job('j1', 'running')];
    events = new FakeEvents();
    server = new FakeServer({
      'GET jobs': () => ({ jobs, total: jobs.length, cursor: null }),
      'GET worker': () => ({ running: true, pid: 7, started_at: null, version: null }),
      'GET jobs/j1/logs': ({ query }) => ({
        lines: query?.['after'] === 0 ? ['one', 'two'] : [],
        next: 2
      }),
      'GET jobs/j1/cells': () => ({ cells: [], done: 1, total: 3 }),
      'POST jobs': () => job('j2', 'queued'),
      'POST jobs/j1/cancel': () => job('j1', 'running')
    });
    model = new JobsModel(new JobsClient(server.call), events);
  });

  it('are not asked for while nobody looks', () => {
    events.send('job_changed', 'j1');
    expect(server.asked).toEqual([]);
  });

  it('are asked for again when one changed', async () => {
    model.isActive = true;
    await settled();
    jobs = [job('j1', 'succeeded')];
    events.send('job_changed', 'j1');
    await settled();
    expect(model.jobs[0]?.state).toBe('succeeded');
    expect(model.live).toEqual([]);
  });

  it('show progress as it is told, without asking', async () => {
    model.isActive = true;
    await settled();
    const before = server.asked.length;
    events.send('job_progressed', 'j1', { cell: 2, cells: 3 });
    expect(model.jobs[0]).toMatchObject({ cells_done: 2, cells_total: 3 });
    expect(server.asked.length).toBe(before);
  });

  it('show each line of the log of an opened job once', async () => {
    model.isActive = true;
    await settled();
    await model.follow('j1', true);
    events.send('job_progressed', 'j1', { cell: 1, cells: 3 });
    await settled();
    expect(model.detail('j1')?.lines).toEqual(['one', 'two']);
    expect(model.detail('j1')?.progress?.done).toBe(1);
    await model.follow('j1', false);
    expect(model.detail('j1')).toBeNull();
  });

  it('tell once of the end of a job that was submitted here, even while nobody looks', async () => {
    const ended: string[] = [];
    model.onEnded = ({ id }) => ended.push(id);
    jobs = [job('j2', 'queued'), ...jobs];
    await model.submit({ notebook: 'n.ipynb', parameters: {}, executor: 'local' });
    jobs = [job('j2', 'failed'), job('j1', 'failed')];
    events.send('job_changed', 'j2');
    await settled();
    events.send('job_changed', 'j2');
    await settled();
    expect(ended).toEqual(['j2']);
  });

  it('show why a submission was refused', async () => {
    delete server.answers['POST jobs'];
    expect(await model.submit({ notebook: 'n', parameters: {}, executor: 'local' })).toBeNull();
    expect(model.error?.message).toBe('no route POST jobs');
  });

  it('are cancelled', async () => {
    await model.cancel('j1');
    expect(asked('POST jobs/j1/cancel')).toBe(1);
    expect(asked('GET jobs')).toBe(1);
  });
});
