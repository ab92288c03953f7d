/** The plugin of the models area. */

import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ICommandPalette } from '@jupyterlab/apputils';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';
import { createElement } from 'react';

import { callerFromSettings } from '../api/client';
import { eventsFromStream } from '../api/events';
import { INotebooks, ISidebar } from '../tokens';
import { ModelView } from '../ui/model_view';
import { ModelsClient } from './client';
import { addModelsCommands, ModelsCommands } from './commands';
import { ModelsModel } from './model';
import { ModelsView } from './view';

/** Lists runs and registered models. */
export const modelsPlugin: JupyterFrontEndPlugin<void> = {
  id: 'mlnb:models',
  description: 'Lists runs with their metrics, and registers their models.',
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
    const model = new ModelsModel(
      new ModelsClient(callerFromSettings(serviceManager.serverSettings)),
      eventsFromStream(serviceManager.events),
      notebooks
    );
    for (const command of addModelsCommands(commands, model, notebooks, trans)) {
      palette?.addItem({ command, category: 'mlnb' });
    }
    const insertExample = (): void => void commands.execute(ModelsCommands.insertExample);
    const content = new ModelView(model, shown =>
      createElement(ModelsView, {
        model: shown,
        trans,
        onRegister: run => void commands.execute(ModelsCommands.register, { run_id: run.run_id }),
        onInsertExample: notebooks.current ? insertExample : null
      })
    );
    notebooks.currentChanged.connect(() => {
      content.update();
    });
    sidebar.addSection({
      id: 'models',
      label: trans.__('Runs & models'),
      caption: trans.__('What notebooks logged with MLflow, and the models registered from it'),
      rank: 30,
      isOpenAtFirst: false,
      opensWithContent: true,
      model,
      content
    });
  }
};
