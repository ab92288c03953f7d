import { describe, expect, it } from 'vitest';

import { ApiError } from '../../../api/client';
import type { Diff } from '../../../api/types';
import { FakeServer } from '../../../ui/__tests__/fakes';
import { DiffClient } from '../client';
import { DiffModel } from '../model';

const DIFF = { a: 's1', b: 's2' } as Diff;

describe('a comparison', () => {
  it('is on its way, then there; a failure can be tried again', async () => {
    let isUp = false;
    const model = new DiffModel(async () => {
      if (!isUp) {
        throw new ApiError('there is none', 'not_found');
      }
      return DIFF;
    });
    let times = 0;
    model.stateChanged.connect(() => times++);
    await model.refresh();
    expect(model.diff).toBeNull();
    expect(model.error?.code).toBe('not_found');
    isUp = true;
    await model.refresh();
    expect(model.error).toBeNull();
    expect(model.diff).toBe(DIFF);
    expect(times).toBe(4);
    model.layout = 'split';
    expect(times).toBe(5);
  });

  it('says nothing any more when its tab is closed', async () => {
    const model = new DiffModel(async () => DIFF);
    let times = 0;
    model.stateChanged.connect(() => times++);
    model.dispose();
    await model.refresh();
    expect(times).toBe(0);
  });

  it('asks for two snapshots, or for the notebook as it is now', async () => {
    const server = new FakeServer({
      'GET snapshots/s1/diff/s2': () => DIFF,
      'POST notebooks/changes': ({ body }) => ({ ...DIFF, ...(body as object) })
    });
    const client = new DiffClient(server.call);
    expect(await client.between('s1', 's2')).toEqual(DIFF);
    expect(await client.since('n.ipynb', 'clean')).toMatchObject({
      path: 'n.ipynb',
      since: 'clean'
    });
  });
});
