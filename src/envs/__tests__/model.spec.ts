import { beforeEach, describe, expect, it } from 'vitest';

import { FakeNotebook, FakeNotebooks, FakeServer, settled } from '../../ui/__tests__/fakes';
import { EnvsClient } from '../client';
import { EnvsModel } from '../model';

describe('the environment', () => {
  let server: FakeServer;
  let notebook: FakeNotebook;
  let model: EnvsModel;

  beforeEach(async () => {
    notebook = new FakeNotebook('n.ipynb');
    const distributions = ['IPython', 'numpy', 'pandas'].map(name => ({ name, version: '1' }));
    server = new FakeServer({
      'GET environment': () => ({ environment: { distributions }, kernel: true, python: 'python' })
    });
    model = new EnvsModel(new FakeNotebooks([notebook]), new EnvsClient(server.call));
    model.isActive = true;
    await settled();
  });

  it('is that of the current notebook', () => {
    expect(server.asked[0]?.[1].query).toEqual({ notebook: 'n.ipynb' });
    expect(model.count).toBe(3);
  });

  it('lists the packages that match, in any case', () => {
    model.filterBy(' PY ');
    expect(model.packages.map(({ name }) => name)).toEqual(
      ['IPython', 'numpy'].filter(name => name.toLowerCase().includes('py'))
    );
    model.filterBy('');
    expect(model.packages.length).toBe(3);
  });

  it('is asked for again when the kernel changes', async () => {
    notebook.kernel.become('connecting');
    await settled();
    expect(server.asked.length).toBe(2);
  });
});
