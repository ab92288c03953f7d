/** The plugin that follows the open notebooks for all areas. */

import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ISessionContextDialogs } from '@jupyterlab/apputils';
import { INotebookTracker } from '@jupyterlab/notebook';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';

import { callerFromSettings } from '../api/client';
import { INotebooks } from '../tokens';
import { ICellGate } from './executor';
import type { CellGate } from './gate';
import { Notebooks } from './notebooks';

/** Provides the open notebooks and the links to mlnb in their kernels. */
export const notebooksPlugin: JupyterFrontEndPlugin<INotebooks> = {
  id: 'mlnb:notebooks',
  description: 'Follows the open notebooks and links to mlnb in their kernels.',
  autoStart: true,
  provides: INotebooks,
  requires: [INotebookTracker, ICellGate],
  optional: [ITranslator, ISessionContextDialogs],
  activate: (
    app: JupyterFrontEnd,
    tracker: INotebookTracker,
    gate: CellGate,
    translator: ITranslator | null,
    dialogs: ISessionContextDialogs | null
  ): INotebooks => {
    const call = callerFromSettings(app.serviceManager.serverSettings);
    return new Notebooks(tracker, {
      contents: app.serviceManager.contents,
      dialogs,
      translator: translator ?? nullTranslator,
      gate,
      identify: (path, id) => call('notebooks/identify', { method: 'POST', body: { path, id } }),
      activate: id => {
        app.shell.activateById(id);
      }
    });
  }
};
