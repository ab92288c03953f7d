/** The plugin of the order area. */

import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ILabShell, ILayoutRestorer } from '@jupyterlab/application';
import { ICommandPalette, IToolbarWidgetRegistry } from '@jupyterlab/apputils';
import type { NotebookPanel } from '@jupyterlab/notebook';
import { ISettingRegistry } from '@jupyterlab/settingregistry';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';
import { createElement } from 'react';

import { callerFromSettings } from '../api/client';
import { INotebooks, ISidebar } from '../tokens';
import { ModelView } from '../ui/model_view';
import { ModeChoice } from './choice';
import { modeFrom, MODES, OrderClient } from './client';
import { addOrderCommands, OrderCommands } from './commands';
import { addGraphCommand, GRAPH_COMMAND } from './graph_commands';
import { OrderGuard } from './guard';
import { OrderHeader } from './header';
import { OrderModel } from './model';
import { orderQuestions } from './questions';
import { OrderView } from './view';
import { orderText } from './words';

const ID = 'mlnb:order';

/** Marks cells that are stale, asks before they run on stale inputs, and lists them with the reasons. */
export const orderPlugin: JupyterFrontEndPlugin<void> = {
  id: ID,
  description: 'Shows which cells are stale and why, and runs what must run.',
  autoStart: true,
  requires: [INotebooks, ISidebar],
  optional: [
    ITranslator,
    ICommandPalette,
    ILabShell,
    ILayoutRestorer,
    ISettingRegistry,
    IToolbarWidgetRegistry
  ],
  activate: (
    app: JupyterFrontEnd,
    notebooks: INotebooks,
    sidebar: ISidebar,
    translator: ITranslator | null,
    palette: ICommandPalette | null,
    labShell: ILabShell | null,
    restorer: ILayoutRestorer | null,
    settings: ISettingRegistry | null,
    toolbar: IToolbarWidgetRegistry | null
  ) => {
    const trans = (translator ?? nullTranslator).load('mlnb');
    const client = new OrderClient(callerFromSettings(app.serviceManager.serverSettings));
    const choice = new ModeChoice();
    void followSettings(choice, settings);
    const model = new OrderModel(notebooks, client, choice, order => orderText(order, trans));
    const followerOf = model.followerOf.bind(model);
    notebooks.guardRuns(new OrderGuard(followerOf, orderQuestions(trans)));
    const show = (): void => {
      sidebar.show('order');
    };
    addOrderCommands({ commands: app.commands, model, trans, show });
    const graph = addGraphCommand({ app, notebooks, followerOf, trans, labShell, restorer });
    for (const command of [...Object.values(OrderCommands), graph]) {
      palette?.addItem({ command, category: 'mlnb' });
    }
    for (const mode of MODES) {
      palette?.addItem({ command: OrderCommands.setMode, args: { mode }, category: 'mlnb' });
    }
    const onHeader = (): void =>
      void app.commands.execute('mlnb:sidebar-show', { section: 'order' });
    toolbar?.addFactory<NotebookPanel>(
      'Notebook',
      'mlnb-order',
      panel => new OrderHeader(model, () => notebooks.of(panel), trans, onHeader)
    );
    const onGraph = (): void => void app.commands.execute(GRAPH_COMMAND, { isOnlyNotFresh: true });
    const onNewNotebook = (): void => void app.commands.execute('notebook:create-new');
    sidebar.addSection({
      id: 'order',
      label: trans.__('Order'),
      caption: trans.__('Which cells no longer match what the kernel holds, and why'),
      rank: 10,
      isOpenAtFirst: true,
      model,
      content: new ModelView(model, shown =>
        createElement(OrderView, { model: shown, trans, onGraph, onNewNotebook })
      ),
      actions: [{ command: OrderCommands.check }, { command: GRAPH_COMMAND }]
    });
  }
};

/** The user's own mode is that of the settings, now and whenever they change. */
async function followSettings(
  choice: ModeChoice,
  registry: ISettingRegistry | null
): Promise<void> {
  const settings = await registry?.load(ID);
  const read = (): void => {
    choice.own = modeFrom(settings?.get('mode').composite);
  };
  settings?.changed.connect(read);
  read();
}
