/**
 * How the gate gets before whichever cell executor is installed.
 *
 * JupyterLab takes one executor, from the plugin that provides `INotebookCellExecutor`, and takes it once. Its own is a frozen
 * object, so it cannot be changed, only replaced; of several plugins that provide the token the one registered last wins:
 *
 * - JupyterLab's own (`@jupyterlab/notebook-extension:cell-executor`) comes first of all, so `executorPlugin` below overrides it and
 *   runs cells with the very function that it uses. It stays enabled: where mlnb cannot load, it is there.
 * - jupyter-collaboration's (`@jupyter/docprovider-extension:notebook-cell-executor`) comes after ours and is frozen as well.
 *   It is the same function again unless the server asks for its server-side execution. Our package.json disables it; where that is asked
 *   for, `displacedExecutor` makes it all the same.
 * - Others, such as jupyter-server-nbmodel's for server-side execution, come after ours, being scoped packages, and win. They are
 *   objects of a class, and `fittingPlugin` puts the gate before their `runCell`.
 *
 * An executor that both wins and is frozen is left alone, with a word in the console: the kernel still refuses what it must.
 */

import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { PageConfig } from '@jupyterlab/coreutils';
import { INotebookCellExecutor, runCell } from '@jupyterlab/notebook';
import { Token } from '@lumino/coreutils';

import { CellGate } from './gate';

/** The gate, for the plugins of this folder. */
export const ICellGate = new Token<CellGate>(
  'mlnb:ICellGate',
  'What lies between commands that run cells and the executor that runs them.'
);

/** Provides the gate. */
export const gatePlugin: JupyterFrontEndPlugin<CellGate> = {
  id: 'mlnb:cell-gate',
  description: 'Lets runs of cells be asked about before they begin.',
  autoStart: true,
  provides: ICellGate,
  activate: () => new CellGate()
};

const COLLABORATION = '@jupyter/docprovider-extension';

/** Provides the cell executor in place of JupyterLab's own. */
export const executorPlugin: JupyterFrontEndPlugin<INotebookCellExecutor> = {
  id: 'mlnb:cell-executor',
  description: 'Runs cells as JupyterLab does, after the gate.',
  autoStart: true,
  provides: INotebookCellExecutor,
  requires: [ICellGate],
  activate: async (app: JupyterFrontEnd, gate: CellGate) => {
    const displaced = await displacedExecutor(app);
    const run = displaced ? displaced.runCell.bind(displaced) : runCell;
    return new GatedExecutor(gate.before(run, displaced !== null));
  }
};

/** Puts the gate before an executor that was registered after ours. */
export const fittingPlugin: JupyterFrontEndPlugin<void> = {
  id: 'mlnb:cell-executor-fitting',
  description: 'Puts the gate before the cell executor of another extension.',
  autoStart: true,
  requires: [ICellGate, INotebookCellExecutor],
  activate: (_app: JupyterFrontEnd, gate: CellGate, executor: INotebookCellExecutor) => {
    if (executor instanceof GatedExecutor) {
      return;
    }
    try {
      executor.runCell = gate.before(executor.runCell.bind(executor), true);
    } catch {
      console.warn(
        'mlnb: the installed cell executor cannot be changed, so mlnb cannot ask before cells run.'
      );
    }
  }
};

class GatedExecutor implements INotebookCellExecutor {
  constructor(readonly runCell: INotebookCellExecutor['runCell']) {}
}

/** The executor that jupyter-collaboration would have provided, if the server asks for it. A failure must not cost the notebooks. */
async function displacedExecutor(app: JupyterFrontEnd): Promise<INotebookCellExecutor | null> {
  if (PageConfig.getOption('serverSideExecution') !== 'true') {
    return null;
  }
  try {
    const containers = (window as unknown as { _JUPYTERLAB?: Record<string, IContainer> })
      ._JUPYTERLAB;
    const factory = await containers?.[COLLABORATION]?.get('./extension');
    const plugin = factory?.().default?.find(
      ({ id }) => id === `${COLLABORATION}:notebook-cell-executor`
    );
    return (await plugin?.activate(app)) ?? null;
  } catch (reason) {
    console.warn('mlnb: server-side execution of jupyter-collaboration could not be had.', reason);
    return null;
  }
}

/** How JupyterLab reaches the modules of an installed extension. */
interface IContainer {
  get(module: string): Promise<() => { readonly default?: readonly IExecutorPlugin[] }>;
}

interface IExecutorPlugin {
  readonly id: string;
  activate(app: JupyterFrontEnd): INotebookCellExecutor | Promise<INotebookCellExecutor>;
}
