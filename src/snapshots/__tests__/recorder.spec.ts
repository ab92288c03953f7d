import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { FakeKernel, FakeNotebook, FakeNotebooks, FakeServer } from '../../ui/__tests__/fakes';
import { AutoChoice } from '../auto';
import { SnapshotsClient } from '../client';
import { Recorder } from '../recorder';
import { snapshot } from './samples';

const PATIENCE = { quietMs: 100, mostMs: 1000, outputsMs: 50 };

function text(source: string): { cells: { source: string }[] } {
  return { cells: [{ source }] };
}

describe('the recorder', () => {
  let kernel: FakeKernel;
  let notebook: FakeNotebook;
  let server: FakeServer;
  let auto: AutoChoice;

  function bodies(request: string): unknown[] {
    return server.asked.filter(([name]) => name === request).map(([, { body }]) => body);
  }

  beforeEach(() => {
    vi.useFakeTimers();
    kernel = new FakeKernel({
      'snapshots.set_auto': () => null,
      'order.status': () => ({ mode: 'mark', summary: { stale: 1, edited: 0 } })
    });
    notebook = new FakeNotebook('n.ipynb', [], kernel);
    server = new FakeServer({
      'POST snapshots/s1/document': () => snapshot('s1'),
      'POST snapshots/document': () => ({ id: 's2' })
    });
    auto = new AutoChoice();
    new Recorder(new FakeNotebooks([notebook]), new SnapshotsClient(server.call), auto, PATIENCE);
  });

  afterEach(() => {
    vi.useRealTimers();
  });

  it('tells each kernel when to take snapshots, and again after a restart', () => {
    kernel.become('connecting');
    kernel.become('ready');
    expect(kernel.calls).toEqual([
      ['snapshots.set_auto', { mode: 'each_run' }],
      ['snapshots.set_auto', { mode: 'each_run' }]
    ]);
  });

  it('tells it nothing where the settings leave it to the kernel', () => {
    auto.own = 'default';
    expect(kernel.calls).toHaveLength(1);
  });

  it('gives a snapshot the document as it was when its cell had run, not as it is by now', async () => {
    notebook.document.now = text('x = 1');
    notebook.document.executed.emit('c1');
    notebook.document.now = text('x = 2');
    kernel.told.emit({ name: 'snapshot_taken', data: { id: 's1', cell_id: 'c1' } });
    await vi.runAllTimersAsync();
    expect(bodies('POST snapshots/s1/document')).toEqual([
      { notebook: 'n.ipynb', content: text('x = 1'), is_clean: false }
    ]);
  });

  it('waits for the outputs when the snapshot was quicker', async () => {
    kernel.told.emit({ name: 'snapshot_taken', data: { id: 's1', cell_id: 'c1' } });
    await vi.advanceTimersByTimeAsync(10);
    notebook.document.now = text('x = 1');
    notebook.document.executed.emit('c1');
    await vi.runAllTimersAsync();
    expect(bodies('POST snapshots/s1/document')).toMatchObject([{ content: text('x = 1') }]);
  });

  it('does not wait for ever', async () => {
    kernel.told.emit({ name: 'snapshot_taken', data: { id: 's1', cell_id: 'elsewhere' } });
    await vi.advanceTimersByTimeAsync(60);
    expect(bodies('POST snapshots/s1/document')).toHaveLength(1);
  });

  it('keeps what was typed when it was saved, and when nothing was typed for a while', async () => {
    notebook.document.edited.emit();
    notebook.document.now = text('typed');
    notebook.document.saved.emit();
    await vi.advanceTimersByTimeAsync(0);
    notebook.document.saved.emit(); // nothing was typed since
    await vi.advanceTimersByTimeAsync(500);
    expect(bodies('POST snapshots/document')).toMatchObject([{ content: text('typed') }]);
    notebook.document.edited.emit();
    await vi.advanceTimersByTimeAsync(99);
    expect(bodies('POST snapshots/document')).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(1);
    expect(bodies('POST snapshots/document')).toHaveLength(2);
  });

  it('keeps it in the end also while somebody types without a pause', async () => {
    for (let count = 0; count < 30; count++) {
      notebook.document.edited.emit();
      await vi.advanceTimersByTimeAsync(50);
    }
    expect(bodies('POST snapshots/document')).toHaveLength(1);
  });

  it('keeps nothing in a notebook in which it was switched off, or that was closed', async () => {
    notebook.choose('snapshots', 'auto', 'off');
    notebook.document.edited.emit();
    await vi.runAllTimersAsync();
    notebook.choose('snapshots', 'auto', null);
    notebook.closed.emit();
    notebook.document.edited.emit();
    await vi.runAllTimersAsync();
    expect(bodies('POST snapshots/document')).toEqual([]);
  });
});
