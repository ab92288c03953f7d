import { beforeEach, describe, expect, it } from 'vitest';

import { ApiError } from '../../api/client';
import { FakeEvents, FakeServer, settled } from '../../ui/__tests__/fakes';
import { FeaturesClient } from '../client';
import { FeaturesModel } from '../model';

describe('the feature catalogue', () => {
  let server: FakeServer;
  let events: FakeEvents;
  let model: FeaturesModel;

  beforeEach(async () => {
    events = new FakeEvents();
    server = new FakeServer({
      'GET features': ({ query }) =>
        query?.['search'] === 'none'
          ? { views: [], total: 0, cursor: null }
          : { views: [{ name: 'spend' }], total: 1, cursor: null },
      'GET features/spend': () => ({ preview: null }),
      'POST features/apply': () => ({ views: [{ name: 'spend' }], changes: {} })
    });
    model = new FeaturesModel(new FeaturesClient(server.call), events);
    model.isActive = true;
    await settled();
  });

  it('is searched, and its count stays that of all', async () => {
    expect(model.count).toBe(1);
    model.searchFor('none');
    await settled();
    expect(model.views).toEqual([]);
    expect(model.count).toBe(1);
  });

  it('previews an opened view, or says why not', async () => {
    expect(model.detail('spend')).toBeNull();
    await model.open('spend');
    expect(model.detail('spend')).toEqual({ preview: null });
    await model.open('gone');
    expect(model.detail('gone')).toBeInstanceOf(ApiError);
  });

  it('forgets previews when features changed', async () => {
    await model.open('spend');
    events.send('features_changed', 'spend');
    expect(model.detail('spend')).toBeNull();
  });

  it('takes in a file', async () => {
    expect((await model.apply('features.py'))?.views.length).toBe(1);
    expect(server.asked.find(([name]) => name === 'POST features/apply')?.[1].body).toEqual({
      path: 'features.py'
    });
  });
});
