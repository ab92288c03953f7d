/** The plugin of the snapshots area. */

import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ICommandPalette, MainAreaWidget } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';
import { createElement } from 'react';

import { callerFromSettings } from '../api/client';
import { eventsFromStream } from '../api/events';
import type { Snapshot } from '../api/types';
import { INotebooks, ISidebar } from '../tokens';
import { ModelView } from '../ui/model_view';
import { SnapshotsClient } from './client';
import { addSnapshotsCommands, SnapshotsCommands } from './commands';
import { DiffWidget } from './diff';
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
          onCompare: (a, b) => void compare(app, shown, a, b, trans)
        })
      ),
      actions: [{ command: SnapshotsCommands.take }]
    });
  }
};

async function compare(
  app: JupyterFrontEnd,
  model: SnapshotsModel,
  before: Snapshot,
  after: Snapshot,
  trans: TranslationBundle
): Promise<void> {
  const diff = await model.compare(before.id, after.id);
  if (diff) {
    const content = new DiffWidget(diff, [before, after], trans);
    const tab = new MainAreaWidget({ content });
    tab.title.closable = true;
    app.shell.add(tab, 'main');
    app.shell.activateById(tab.id);
  }
}
