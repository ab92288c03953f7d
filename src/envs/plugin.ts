/** The plugin of the environments area. */

import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ICommandPalette } from '@jupyterlab/apputils';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';
import { createElement } from 'react';

import { callerFromSettings } from '../api/client';
import { INotebooks, ISidebar } from '../tokens';
import { ModelView } from '../ui/model_view';
import { EnvsClient } from './client';
import { addEnvsCommands } from './commands';
import { EnvsModel } from './model';
import { EnvsView } from './view';

const RESTART = 'notebook:restart-kernel';

/** Shows what is installed where the current notebook runs. */
export const envsPlugin: JupyterFrontEndPlugin<void> = {
  id: 'mlnb:envs',
  description: 'Shows what is installed where a notebook runs.',
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
    const trans = (translator ?? nullTranslator).load('mlnb');
    const client = new EnvsClient(callerFromSettings(app.serviceManager.serverSettings));
    const model = new EnvsModel(notebooks, client);
    const added = addEnvsCommands(app.commands, trans, () => {
      sidebar.show('environment');
    });
    for (const command of added) {
      palette?.addItem({ command, category: 'mlnb' });
    }
    sidebar.addSection({
      id: 'environment',
      label: trans.__('Environment'),
      caption: trans.__('What is installed where this notebook runs'),
      rank: 60,
      isOpenAtFirst: false,
      model,
      content: new ModelView(model, shown =>
        createElement(EnvsView, {
          model: shown,
          trans,
          ...(app.commands.hasCommand(RESTART) && {
            onRestart: () => void app.commands.execute(RESTART)
          })
        })
      )
    });
  }
};
