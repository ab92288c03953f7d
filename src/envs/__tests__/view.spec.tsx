import '../../ui/__tests__/on_screen';

import { nullTranslator } from '@jupyterlab/translation';
import { act } from 'react';
import type { IRoot } from 'react-dom/client';
import { createRoot } from 'react-dom/client';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';

import { FakeNotebook, FakeNotebooks, FakeServer, settled } from '../../ui/__tests__/fakes';
import { EnvsClient } from '../client';
import { EnvsModel } from '../model';
import { EnvsView } from '../view';

const trans = nullTranslator.load('mlnb');
const environment = {
  distributions: [{ name: 'pandas', version: '2.3.3' }],
  env_id: 'a'.repeat(64),
  env_request_id: 'b'.repeat(64),
  implementation: 'cpython',
  python: '3.11.7',
  system: 'linux',
  machine: 'x86_64'
};
const stale = {
  severity: 'red',
  change: 'changed',
  kind: 'package',
  name: 'pandas',
  before: '2.3.2',
  after: '2.3.3',
  reason: 'the kernel has another version in memory than on disk: restart it',
  fix: 'restart_kernel'
};
const plain = {
  findings: [],
  drift: null,
  last_job: null,
  lock: 'unlocked',
  lock_path: null,
  refuses: false
};

let root: IRoot;
let node: HTMLElement;

async function draw(status: object, onRestart = vi.fn()): Promise<typeof onRestart> {
  const server = new FakeServer({
    'GET environment': () => ({ environment, kernel: true, python: 'python' }),
    'GET environment/status': () => ({ ...plain, ...status })
  });
  const model = new EnvsModel(
    new FakeNotebooks([new FakeNotebook('n.ipynb')]),
    new EnvsClient(server.call)
  );
  model.isActive = true;
  await settled();
  await act(async () => {
    root.render(<EnvsView model={model} trans={trans} onRestart={onRestart} />);
    await settled();
  });
  return onRestart;
}

function fact(name: string): string | null | undefined {
  const title = [...node.querySelectorAll('dt')].find(one => one.textContent === name);
  return title?.nextElementSibling?.textContent;
}

function button(label: string): HTMLButtonElement | undefined {
  return [...node.querySelectorAll('button')].find(one => one.textContent.includes(label));
}

beforeEach(() => {
  node = document.body.appendChild(document.createElement('div'));
  root = createRoot(node);
});

afterEach(() => {
  act(() => {
    root.unmount();
  });
  node.remove();
});

it('says that nothing is locked, and no more where there is nothing to say', async () => {
  await draw({});
  expect(fact('Lock')).toBe('unlocked');
  expect(fact('Last job')).toBeUndefined();
  expect(fact('Policy')).toBeUndefined();
  expect(node.querySelectorAll('.mlnb-List').length).toBe(0);
});

it('says how it stands to the lock and to the last job', async () => {
  await draw({
    lock: 'drifted',
    lock_path: '/project/env.lock',
    drift: { same: false, summary: '+1 package', differences: [] },
    last_job: { id: 'job-1', same: true, drift: null },
    refuses: true
  });
  expect(fact('Lock')).toBe('drifted: +1 package');
  expect(fact('Last job')).toBe('the same environment');
  expect(fact('Policy')).toBe('red drift refuses jobs');
});

it('opens a difference to say why it matters, and offers the restart that mends it', async () => {
  const onRestart = await draw({ findings: [stale] });
  act(() => {
    button('pandas')?.click();
  });
  expect(node.querySelector('.mlnb-List')?.getAttribute('aria-label')).toBe(
    'Changes what code does'
  );
  expect(fact('Then')).toBe('2.3.2');
  expect(fact('Now')).toBe('2.3.3');
  act(() => {
    button('Restart kernel')?.click();
  });
  expect(onRestart).toHaveBeenCalledOnce();
});

it('offers no restart where none would help', async () => {
  await draw({ findings: [{ ...stale, fix: 'reinstall' }] });
  expect(button('Restart kernel')).toBeUndefined();
});
