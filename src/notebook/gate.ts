/**
 * The gate before the cell executor: every run of a code cell, by whatever command, comes through here and may be asked about first.
 *
 * JupyterLab starts the cells of one command in one go (Run All calls the executor once for each cell in the same turn of the
 * event loop), so runs that arrive in one turn are one batch with one question. A run that nobody wants to be asked about goes
 * straight to the executor in the same turn, as if the gate were not there.
 */

import type { Cell } from '@jupyterlab/cells';
import type { INotebookCellExecutor, INotebookModel } from '@jupyterlab/notebook';

import type { INotebook, IRunGuard } from '../tokens';

type Options = INotebookCellExecutor.IRunCellOptions;

/** The executor's own way to run a cell. */
export type RunCell = (options: Options) => Promise<boolean>;

/** The same, and what kind of executor it is. */
interface IExecutor {
  readonly run: RunCell;
  readonly isRemote: boolean;
}

interface IEntry {
  readonly options: Options;
  readonly executor: IExecutor;
  readonly resolve: (ran: Promise<boolean> | boolean) => void;
}

/** Holds runs back until the guard has decided. */
export class CellGate {
  /** Who decides; nobody: all runs pass. */
  guard: IRunGuard | null = null;

  /** Finds the open notebook of a model; null: its runs pass. */
  find: (model: INotebookModel) => INotebook | null = () => null;

  /**
   * An executor's `runCell` with the gate before it.
   *
   * @param isRemote - whether it reaches the kernel on another way than the front end does, so that what we tell the kernel before
   *   a run might come after it if we did not wait, and the kernel does not hear from it which cell it runs
   */
  before(run: RunCell, isRemote = false): RunCell {
    const executor = { run, isRemote };
    return options => this._runCell(options, executor);
  }

  /** Lets the runs pass that `start` begins in this turn of the event loop. */
  passing<T>(start: () => T): T {
    this._isOpen = true;
    try {
      return start();
    } finally {
      this._isOpen = false;
    }
  }

  private _runCell(options: Options, executor: IExecutor): Promise<boolean> {
    const { guard } = this;
    const { type, sharedModel } = options.cell.model;
    const notebook = type === 'code' ? this.find(options.notebook) : null;
    if (!guard || !notebook || !sharedModel.getSource().trim()) {
      return executor.run(options);
    }
    if (this._isOpen || !guard.isWatching(notebook)) {
      return this._pass(guard, notebook, options, executor);
    }
    return new Promise(resolve => {
      const batch = this._batches.get(notebook) ?? this._newBatch(guard, notebook);
      batch.push({ options, executor, resolve });
    });
  }

  private async _pass(
    guard: IRunGuard,
    notebook: INotebook,
    options: Options,
    { run, isRemote }: IExecutor
  ): Promise<boolean> {
    const { id } = options.cell.model;
    let isDone = false;
    const told = guard.began(notebook, id, isRemote);
    try {
      if (isRemote) {
        await told;
      }
      isDone = await run(options);
      return isDone;
    } finally {
      guard.ended(notebook, id, isDone);
    }
  }

  private _newBatch(guard: IRunGuard, notebook: INotebook): IEntry[] {
    const batch: IEntry[] = [];
    this._batches.set(notebook, batch);
    queueMicrotask(() => {
      this._batches.delete(notebook);
      void this._release(guard, notebook, batch);
    });
    return batch;
  }

  private async _release(guard: IRunGuard, notebook: INotebook, batch: IEntry[]): Promise<void> {
    for (const entry of batch) {
      // a cell that is run again while a question about it is open runs once
      this._waiting.get(entry.options.cell)?.resolve(false);
      this._waiting.set(entry.options.cell, entry);
    }
    const admitted = await guard.admit(
      notebook,
      batch.map(({ options }) => options.cell.model.id)
    );
    const runs: Promise<boolean>[] = [];
    const ran: string[] = [];
    for (const entry of batch) {
      const { options, executor, resolve } = entry;
      const { cell } = options;
      if (this._waiting.get(cell) !== entry) {
        continue;
      }
      this._waiting.delete(cell);
      if (!cell.isDisposed && admitted.has(cell.model.id)) {
        const running = this._pass(guard, notebook, options, executor);
        ran.push(cell.model.id);
        runs.push(running);
        resolve(running);
      } else {
        resolve(false);
      }
    }
    const results = await Promise.allSettled(runs);
    const isDone = results.every(result => result.status === 'fulfilled' && result.value);
    guard.settled(notebook, ran, isDone && ran.length > 0);
  }

  private readonly _batches = new Map<INotebook, IEntry[]>();
  private readonly _waiting = new Map<Cell, IEntry>();
  private _isOpen = false;
}
