/** The plugin of the features area. */

import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ICommandPalette } from '@jupyterlab/apputils';
import { IDocumentManager } from '@jupyterlab/docmanager';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';
import { createElement } from 'react';

import { callerFromSettings } from '../api/client';
import { eventsFromStream } from '../api/events';
import { ISidebar } from '../tokens';
import { ModelView } from '../ui/model_view';
import { FeaturesClient } from './client';
import { addFeaturesCommands, FeaturesCommands } from './commands';
import { FeaturesModel } from './model';
import { FeaturesView } from './view';

/** Browses the feature catalogue. */
export const featuresPlugin: JupyterFrontEndPlugin<void> = {
  id: 'mlnb:features',
  description: 'Browses the feature catalogue.',
  autoStart: true,
  requires: [ISidebar, IDocumentManager],
  optional: [ITranslator, ICommandPalette],
  activate: (
    app: JupyterFrontEnd,
    sidebar: ISidebar,
    documents: IDocumentManager,
    optionalTranslator: ITranslator | null,
    palette: ICommandPalette | null
  ) => {
    const { commands, serviceManager } = app;
    const translator = optionalTranslator ?? nullTranslator;
    const trans = translator.load('mlnb');
    const model = new FeaturesModel(
      new FeaturesClient(callerFromSettings(serviceManager.serverSettings)),
      eventsFromStream(serviceManager.events)
    );
    const added = addFeaturesCommands({
      commands,
      model,
      documents,
      translator,
      currentWidget: () => app.shell.currentWidget,
      show: () => {
        sidebar.show('features');
      }
    });
    for (const command of added) {
      palette?.addItem({ command, category: 'mlnb' });
    }
    sidebar.addSection({
      id: 'features',
      label: trans.__('Features'),
      caption: trans.__('Columns that models learn from, defined once and shared'),
      rank: 40,
      isOpenAtFirst: false,
      opensWithContent: true,
      model,
      content: new ModelView(model, shown =>
        createElement(FeaturesView, {
          model: shown,
          trans,
          onAdd: () => void commands.execute(FeaturesCommands.add)
        })
      ),
      actions: [{ command: FeaturesCommands.add }]
    });
  }
};
