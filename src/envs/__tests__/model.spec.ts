import { beforeEach, describe, expect, it } from 'vitest';

import { FakeNotebook, FakeNotebooks, FakeServer, settled } from '../../ui/__tests__/fakes';
import { EnvsClient } from '../client';
import { EnvsModel } from '../model';

describe('the environment', () => {
  let server: FakeServer;
  let notebook: FakeNotebook;
  let model: EnvsModel;
  let status: object;

  const difference = (name: string, severity: string, more = {}): object => ({
    kind: 'package',
    name,
    severity,
    ...more
  });

  beforeEach(async () => {
    status = { findings: [], drift: null, last_job: null };
    notebook = new FakeNotebook('n.ipynb');
    const distributions = ['IPython', 'numpy', 'pandas'].map(name => ({ name, version: '1' }));
    server = new FakeServer({
      'GET environment': () => ({ environment: { distributions }, kernel: true, python: 'python' }),
      'GET environment/status': () => status
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
    expect(server.asked.length).toBe(4);
  });

  it('grades what is wrong by itself and what differs from the lock, the gravest first', async () => {
    status = {
      findings: [difference('pandas', 'red', { fix: 'restart_kernel' })],
      drift: {
        differences: [
          difference('scipy', 'amber'),
          difference('pandas', 'red'),
          difference('six', 'red')
        ]
      },
      last_job: { drift: { differences: [difference('attrs', 'amber')] } }
    };
    await model.refresh();
    expect(
      model.grades.map(({ severity, differences }) => [severity, differences.map(one => one.name)])
    ).toEqual([
      ['red', ['pandas', 'six']],
      ['amber', ['scipy']]
    ]);
    expect(model.needsRestart).toBe(true);
  });

  it('goes by the last job where there is no lock', async () => {
    status = {
      findings: [],
      drift: null,
      last_job: { drift: { differences: [difference('attrs', 'amber')] } }
    };
    await model.refresh();
    expect(model.grades.map(({ severity }) => severity)).toEqual(['amber']);
    expect(model.needsRestart).toBe(false);
  });
});
