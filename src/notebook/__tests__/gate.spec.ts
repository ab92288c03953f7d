import type { INotebookCellExecutor } from '@jupyterlab/notebook';
import { beforeEach, describe, expect, it } from 'vitest';

import type { INotebook, IRunGuard } from '../../tokens';
import { FakeNotebook, settled } from '../../ui/__tests__/fakes';
import { CellGate } from '../gate';

type Options = INotebookCellExecutor.IRunCellOptions;

function cell(id: string, type = 'code', source = id): Options {
  const model = { id, type, sharedModel: { getSource: () => source } };
  return { cell: { model, isDisposed: false }, notebook: {} } as unknown as Options;
}

describe('the gate before the cell executor', () => {
  let gate: CellGate;
  let log: string[];
  let isWatching: boolean;
  let told: Promise<void>;
  let decide: (ids: readonly string[]) => Promise<ReadonlySet<string>>;

  const run = (options: Options): Promise<boolean> => {
    log.push(options.cell.model.id);
    return Promise.resolve(options.cell.model.id !== 'fails');
  };

  beforeEach(() => {
    log = [];
    isWatching = true;
    told = Promise.resolve();
    decide = async ids => new Set(ids);
    const guard: IRunGuard = {
      isWatching: () => isWatching,
      admit: (_: INotebook, ids) => {
        log.push(`admit ${ids.join()}`);
        return decide(ids);
      },
      began: async (_, id, isNameless) => {
        log.push(`began ${id}${isNameless ? ' nameless' : ''}`);
        await told;
      },
      ended: (_, id, isDone) => log.push(`ended ${id} ${String(isDone)}`),
      settled: (_, ids, isDone) => log.push(`settled ${ids.join()} ${String(isDone)}`)
    };
    gate = new CellGate();
    gate.guard = guard;
    const notebook = new FakeNotebook('n.ipynb');
    gate.find = () => notebook;
  });

  it('asks once about the cells that run in one turn, and then runs them in order', async () => {
    const runCell = gate.before(run);
    const results = await Promise.all(['a', 'b'].map(id => runCell(cell(id))));
    await settled();
    expect(results).toEqual([true, true]);
    expect(log.slice(0, 5)).toEqual(['admit a,b', 'began a', 'a', 'began b', 'b']);
    expect(log.at(-1)).toBe('settled a,b true');
  });

  it('runs in the same turn what nobody watches', () => {
    isWatching = false;
    void gate.before(run)(cell('a'));
    expect(log).toEqual(['began a', 'a']);
  });

  it('runs in the same turn what is no code, or empty, or of a notebook that is not open', () => {
    const runCell = gate.before(run);
    void runCell(cell('m', 'markdown'));
    void runCell(cell('e', 'code', ' '));
    gate.find = () => null;
    void runCell(cell('u'));
    expect(log).toEqual(['m', 'e', 'u']);
  });

  it('lets the runs pass that are begun past it', async () => {
    const runCell = gate.before(run);
    void gate.passing(() => runCell(cell('a')));
    expect(log).toEqual(['began a', 'a']);
    await runCell(cell('b'));
    expect(log).toContain('admit b');
  });

  it('answers false for what is not to run', async () => {
    decide = async () => new Set(['b']);
    const runCell = gate.before(run);
    expect(await Promise.all(['a', 'b'].map(id => runCell(cell(id))))).toEqual([false, true]);
    expect(log).not.toContain('a');
  });

  it('runs a cell once that is run again while it waits', async () => {
    let release: () => void = () => undefined;
    const waiting = new Promise<void>(resolve => {
      release = resolve;
    });
    decide = async ids => {
      await waiting;
      return new Set(ids);
    };
    const runCell = gate.before(run);
    const options = cell('a');
    const first = runCell(options);
    await settled();
    const second = runCell(options);
    await settled();
    release();
    expect(await Promise.all([first, second])).toEqual([false, true]);
    expect(log.filter(line => line === 'a')).toEqual(['a']);
  });

  it('waits until the kernel knows the document where the executor reaches it on another way', async () => {
    isWatching = false;
    let tell: () => void = () => undefined;
    told = new Promise(resolve => {
      tell = resolve;
    });
    const ran = gate.before(run, true)(cell('a'));
    await settled();
    expect(log).toEqual(['began a nameless']);
    tell();
    expect(await ran).toBe(true);
    expect(log).toContain('a');
  });

  it('passes the error of the executor on', async () => {
    const runCell = gate.before(() => Promise.reject(new Error('KernelReplyNotOK')));
    await expect(runCell(cell('a'))).rejects.toThrow('KernelReplyNotOK');
    await settled();
    expect(log.slice(-2)).toEqual(['ended a false', 'settled a false']);
  });
});
