/** The plugin of the snapshots area. */

import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ICommandPalette } from '@jupyterlab/apputils';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';
import { createElement } from 'react';

import { callerFromSettings } from '../api/client';
import { eventsFromStream } from '../api/events';
import { INotebooks, ISidebar } from '../tokens';
import { ModelView } from '../ui/model_view';
import { SnapshotsClient } from './client';
import { addSnapshotsCommands, SnapshotsCommands } from './commands';
import { COMPARE } from './diff/commands';
import { SnapshotsModel } from './model';
import { SnapshotsView } from './view';

/** Takes, lists, compares and restores snapshots of the current notebook. */
export const snapshotsPlugin: JupyterFrontEndPlugin<void> = {
  id: 'mlnb:snapshots',
  description:
    'Takes snapshots of notebooks with the variables in their kernels, and restores them.',
  autoStart: true,
  requires: [INotebooks, ISidebar],
  optional: [ITranslator, ICommandPalette],
  activate: (
    app: JupyterFrontEnd,
    notebooks: INotebooks,
    sidebar: ISidebar,
    translator: ITranslator | null,
    palette: ICommandPalette | null
  ) => {
    const { commands, serviceManager } = app;
    const trans = (translator ?? nullTranslator).load('mlnb');
    const model = new SnapshotsModel(
      notebooks,
      new SnapshotsClient(callerFromSettings(serviceManager.serverSettings)),
      eventsFromStream(serviceManager.events)
    );
    const added = addSnapshotsCommands(commands, model, notebooks, trans, () => {
      sidebar.show('history');
    });
    for (const command of added) {
      palette?.addItem({ command, category: 'mlnb' });
    }
    sidebar.addSection({
      id: 'history',
      label: trans.__('History'),
      caption: trans.__('Snapshots of this notebook with the variables in its kernel'),
      rank: 20,
      isOpenAtFirst: true,
      model,
      content: new ModelView(model, shown =>
        createElement(SnapshotsView, {
          model: shown,
          trans,
          onTake: () => void commands.execute(SnapshotsCommands.take),
          onNewNotebook: () => void commands.execute('notebook:create-new'),
          onCompare: (one, other) => {
            const [a, b] = one.created_at <= other.created_at ? [one, other] : [other, one];
            void commands.execute(COMPARE, { a: a.id, b: b.id });
          }
        })
      ),
      actions: [{ command: SnapshotsCommands.take }]
    });
  }
};
