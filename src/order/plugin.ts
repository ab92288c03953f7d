/** The plugin of the order area. */

import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ICommandPalette } from '@jupyterlab/apputils';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';
import { createElement } from 'react';

import { callerFromSettings } from '../api/client';
import { INotebooks, ISidebar } from '../tokens';
import { ModelView } from '../ui/model_view';
import { OrderClient } from './client';
import { addOrderCommands, OrderCommands } from './commands';
import { OrderModel } from './model';
import { OrderView } from './view';
import { orderText } from './words';

/** Marks cells that are stale and lists them with the reasons. */
export const orderPlugin: JupyterFrontEndPlugin<void> = {
  id: 'mlnb:order',
  description: 'Shows which cells are stale and why, and runs what must run.',
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
    const client = new OrderClient(callerFromSettings(app.serviceManager.serverSettings));
    const model = new OrderModel(notebooks, client, order => orderText(order, trans));
    const commands = addOrderCommands(app.commands, model, trans, () => {
      sidebar.show('order');
    });
    for (const command of commands) {
      palette?.addItem({ command, category: 'mlnb' });
    }
    const onNewNotebook = (): void => void app.commands.execute('notebook:create-new');
    sidebar.addSection({
      id: 'order',
      label: trans.__('Order'),
      caption: trans.__('Which cells no longer match what the kernel holds, and why'),
      rank: 10,
      isOpenAtFirst: true,
      model,
      content: new ModelView(model, shown =>
        createElement(OrderView, { model: shown, trans, onNewNotebook })
      ),
      actions: [{ command: OrderCommands.check }]
    });
  }
};
