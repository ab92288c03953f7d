import '../../ui/__tests__/on_screen';

import { nullTranslator } from '@jupyterlab/translation';
import { act } from 'react';
import type { IRoot } from 'react-dom/client';
import { createRoot } from 'react-dom/client';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import {
  FakeEvents,
  FakeKernel,
  FakeNotebook,
  FakeNotebooks,
  FakeServer,
  settled
} from '../../ui/__tests__/fakes';
import { AutoChoice } from '../auto';
import { SnapshotsClient } from '../client';
import { SnapshotsModel } from '../model';
import { SnapshotsView } from '../view';
import { entry, preview, restored, snapshot } from './samples';

const DOCUMENT = { content: { cells: [] } };
const nothing = (): void => undefined;

describe('ways through the history that are asked for faster than a restore takes', () => {
  let at: string;
  let went: string[];
  let notebooks: FakeNotebooks;
  let model: SnapshotsModel;
  let root: IRoot;
  let node: HTMLElement;

  const goTo = (id: string, before: string) => async () => {
    await settled();
    at = id;
    went.push(id);
    return restored(id, before);
  };

  /** Everything that was asked for, done. */
  async function ended(): Promise<void> {
    for (let round = 0; round < 40; round++) {
      await act(settled);
    }
    expect(model.turns.isTaken).toBe(false);
  }

  function click(label: string): void {
    const found = [...node.querySelectorAll('button')].find(one => one.textContent === label);
    if (!found) {
      throw new Error(`no button ${label}`);
    }
    act(() => {
      found.click();
    });
  }

  beforeEach(async () => {
    at = 's3';
    went = [];
    const kernel = new FakeKernel({
      'snapshots.where': () => ({
        snapshot: at,
        runs: 0,
        is_new: false,
        auto: 'each_run',
        can_undo: true,
        can_redo: false
      })
    });
    const server = new FakeServer({
      'GET snapshots/timeline': () => ({
        entries: [entry('s3', 's2'), entry('s2', 's1'), entry('s1')],
        total: 3,
        cursor: null,
        same: { u2: 's2', u3: 's3' }, // what a restore replaced is kept under an id of its own
        last_clean: 's1'
      }),
      'GET snapshots/du': () => ({ notebooks: [], size_bytes: 0, unused_bytes: 0, cap_bytes: 1 }),
      'GET snapshots/s1/preview': () => preview('s1'),
      'POST snapshots/document': () => ({ id: null }),
      'GET snapshots/s1/document': () => DOCUMENT,
      'GET snapshots/s2/document': () => DOCUMENT,
      'GET snapshots/s3/document': () => DOCUMENT,
      'POST snapshots/s2/document': () => snapshot('s2'),
      'POST snapshots/s3/document': () => snapshot('s3'),
      'POST snapshots/s1/document': () => snapshot('s1'),
      'POST snapshots/s2/restore': goTo('s2', 's3'),
      'POST snapshots/s1/restore': goTo('s1', 's2'),
      'POST snapshots/undo': () => goTo(at === 's1' ? 'u2' : 'u3', at)(),
      'GET snapshots/u2/document': () => DOCUMENT,
      'GET snapshots/u3/document': () => DOCUMENT,
      'POST snapshots/u2/document': () => snapshot('u2')
    });
    notebooks = new FakeNotebooks([new FakeNotebook('n.ipynb', [], kernel)]);
    model = new SnapshotsModel(
      notebooks,
      new SnapshotsClient(server.call),
      new FakeEvents(),
      new AutoChoice()
    );
    model.isActive = true;
    await settled();
    node = document.createElement('div');
    root = createRoot(node);
    const draw = (): void => {
      root.render(
        <SnapshotsView
          model={model}
          trans={nullTranslator.load('mlnb')}
          onTake={nothing}
          onCompare={nothing}
          onOpen={nothing}
          onDownload={nothing}
          onImport={nothing}
          onNewNotebook={nothing}
        />
      );
    };
    model.stateChanged.connect(() => {
      act(draw);
    });
    act(draw);
  });

  afterEach(() => {
    act(() => {
      root.unmount();
    });
  });

  it('are all gone, in order', async () => {
    const { travel, turns } = model;
    const pressed = [
      turns.take(() => travel.undoRun()),
      turns.take(() => travel.undoRun()),
      turns.take(() => travel.redoRun())
    ];
    expect(turns.isTaken).toBe(true);
    expect(await act(() => Promise.all(pressed))).toEqual([true, true, true]);
    expect(turns.isTaken).toBe(false);
    expect(went).toEqual(['s2', 's1', 'u2']);
  });

  it('are gone in order when a button follows a key', async () => {
    const { travel, turns } = model;
    void turns.take(() => travel.undoRun());
    click('Undo run');
    await ended();
    expect(went).toEqual(['s2', 's1']);
    click('Redo run');
    void turns.take(() => travel.redoRun());
    await ended();
    expect(went).toEqual(['s2', 's1', 'u2', 'u3']);
  });

  it('are gone in order when a button is pressed again and again', async () => {
    click('Undo run');
    click('Undo run');
    await ended();
    expect(went).toEqual(['s2', 's1']);
    expect(model.travel.arrival?.kind).toBe('run_undone');
  });

  it('are gone in order when what was considered and its undo follow each other', async () => {
    await act(() => model.travel.consider(entry('s1')));
    click('Go back');
    void model.turns.take(() => model.travel.undo());
    await ended();
    expect(went).toEqual(['s1', 'u2']);
    expect(model.travel.plan).toBeNull();
    expect(model.travel.arrival?.kind).toBe('undone');
  });

  it('are left undone when another notebook is shown before it is their turn', async () => {
    click('Undo run');
    const second = model.turns.take(() => model.travel.undoRun());
    notebooks.choose(new FakeNotebook('other.ipynb'));
    await ended();
    expect(await second).toBe(false);
    expect(went).toEqual([]);
  });

  it('leave no plan behind that was made for where the kernel stood before', async () => {
    await act(() => model.travel.consider(entry('s1')));
    expect(node.querySelector('.mlnb-Plan')).not.toBeNull();
    await act(() => model.turns.take(() => model.travel.undoRun()));
    expect(node.querySelector('.mlnb-Plan')).toBeNull();
  });
});
