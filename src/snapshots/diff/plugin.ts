/** The plugin that compares: one command, and a tab for each comparison. */

import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ICommandPalette, MainAreaWidget } from '@jupyterlab/apputils';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';

import { callerFromSettings } from '../../api/client';
import { INotebooks } from '../../tokens';
import { DiffClient } from './client';
import { addCompareCommand, COMPARE, SINCE } from './commands';
import { DiffModel } from './model';
import { DiffWidget } from './widget';

/** Compares the current notebook with earlier states of it, and snapshots with each other. */
export const diffPlugin: JupyterFrontEndPlugin<void> = {
  id: 'mlnb:snapshots-diff',
  description: 'Shows what changed in a notebook since an earlier state.',
  autoStart: true,
  requires: [INotebooks],
  optional: [ITranslator, ICommandPalette],
  activate: (
    app: JupyterFrontEnd,
    notebooks: INotebooks,
    translator: ITranslator | null,
    palette: ICommandPalette | null
  ) => {
    const { commands, serviceManager, shell } = app;
    const trans = (translator ?? nullTranslator).load('mlnb');
    addCompareCommand({
      commands,
      client: new DiffClient(callerFromSettings(serviceManager.serverSettings)),
      notebooks,
      trans,
      open: (load, label, onOther) => {
        const content = new DiffWidget(new DiffModel(load), label, trans, onOther);
        const tab = new MainAreaWidget({ content });
        tab.title.closable = true;
        shell.add(tab, 'main');
        shell.activateById(tab.id);
      }
    });
    for (const since of [...SINCE, undefined]) {
      palette?.addItem({
        command: COMPARE,
        category: 'mlnb',
        ...(since === undefined ? {} : { args: { since } })
      });
    }
  }
};
