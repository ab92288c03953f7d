/** The plugin of the snapshots area. */

import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ICommandPalette } from '@jupyterlab/apputils';
import { IDocumentManager } from '@jupyterlab/docmanager';
import { FileDialog } from '@jupyterlab/filebrowser';
import type { Contents } from '@jupyterlab/services';
import { ISettingRegistry } from '@jupyterlab/settingregistry';
import type { TranslationBundle } from '@jupyterlab/translation';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';
import { createElement } from 'react';

import { callerFromSettings } from '../api/client';
import { eventsFromStream } from '../api/events';
import { INotebooks, ISidebar } from '../tokens';
import { keepFocus } from '../ui/keep_focus';
import { ModelView } from '../ui/model_view';
import { AutoChoice } from './auto';
import { SnapshotsClient } from './client';
import { addSnapshotsCommands, SnapshotsCommands } from './commands';
import { COMPARE } from './diff/commands';
import { SnapshotsModel } from './model';
import type { IPart } from './part';
import { Recorder } from './recorder';
import { SnapshotsView } from './view';

const ID = 'mlnb:snapshots';
const ENDING = '.mlnb-snapshot';

/** Keeps the states of notebooks, shows how they follow each other, and goes back to them. */
export const snapshotsPlugin: JupyterFrontEndPlugin<void> = {
  id: ID,
  description:
    'Keeps the states of notebooks with the variables in their kernels, and goes back to them.',
  autoStart: true,
  requires: [INotebooks, ISidebar],
  optional: [ITranslator, ICommandPalette, ISettingRegistry, IDocumentManager],
  activate: (
    app: JupyterFrontEnd,
    notebooks: INotebooks,
    sidebar: ISidebar,
    translator: ITranslator | null,
    palette: ICommandPalette | null,
    settings: ISettingRegistry | null,
    documents: IDocumentManager | null
  ) => {
    const { commands, serviceManager } = app;
    const trans = (translator ?? nullTranslator).load('mlnb');
    const client = new SnapshotsClient(callerFromSettings(serviceManager.serverSettings));
    const auto = new AutoChoice();
    const events = eventsFromStream(serviceManager.events);
    const model = new SnapshotsModel(notebooks, client, events, auto);
    void followSettings(auto, settings).then(() => new Recorder(notebooks, client, auto));
    const show = (): void => {
      sidebar.show('history');
    };
    for (const command of addSnapshotsCommands({ commands, model, trans, show })) {
      palette?.addItem({ command, category: 'mlnb' });
    }
    const onOpen = (path: string): void => void commands.execute('docmanager:open', { path });
    const part: Omit<IPart, 'model'> = {
      trans,
      onTake: () => void commands.execute(SnapshotsCommands.take),
      onCompare: (one, other) => {
        const [a, b] = one <= other ? [one, other] : [other, one]; // ids are in the order of time
        void commands.execute(COMPARE, { a, b });
      },
      onOpen,
      onDownload: path => void download(serviceManager.contents, path),
      onImport: () => void (documents && takeOver(model, documents, trans, onOpen))
    };
    const onNewNotebook = (): void => void commands.execute('notebook:create-new');
    const content = new ModelView(model, shown =>
      createElement(SnapshotsView, { ...part, model: shown, onNewNotebook })
    );
    keepFocus(content.node);
    sidebar.addSection({
      id: 'history',
      label: trans.__('History'),
      caption: trans.__('The states of this notebook with the variables in its kernel'),
      rank: 20,
      isOpenAtFirst: true,
      model,
      content,
      actions: [{ command: SnapshotsCommands.take }]
    });
  }
};

/** When snapshots are taken by themselves is what the settings say, now and whenever they change. */
async function followSettings(auto: AutoChoice, registry: ISettingRegistry | null): Promise<void> {
  const settings = await registry?.load(ID);
  const read = (): void => {
    const mode = settings?.get('auto').composite;
    auto.own = typeof mode === 'string' ? mode : 'each_run';
  };
  settings?.changed.connect(read);
  read();
}

/** Has the browser save a file of the server. */
async function download(contents: Contents.IManager, path: string): Promise<void> {
  const link = document.createElement('a');
  link.href = await contents.getDownloadUrl(path);
  link.download = '';
  link.click();
}

function folderOf(path: string): string {
  return path.split('/').slice(0, -1).join('/');
}

/** Asks for a file and takes its snapshot over. One of another notebook is shown by its document. */
async function takeOver(
  model: SnapshotsModel,
  manager: IDocumentManager,
  trans: TranslationBundle,
  onOpen: (path: string) => void
): Promise<void> {
  const chosen = await FileDialog.getOpenFiles({
    manager,
    title: trans.__('Take over a snapshot'),
    defaultPath: folderOf(model.notebook?.path ?? ''),
    filter: file => (file.type === 'directory' || file.path.endsWith(ENDING) ? {} : null)
  });
  const file = chosen.button.accept ? chosen.value?.[0]?.path : undefined;
  if (file === undefined) {
    return;
  }
  const found = await model.manage('import', client => client.import(file));
  if (found && model.entry(found.id)) {
    await model.say(trans.__('Taken over: it stands in the list.'));
  } else if (found?.has_document) {
    const path = await model.manage('open', client => client.open(found.id, folderOf(file)));
    if (path) {
      onOpen(path);
      await model.say(trans.__('Taken over. Its notebook is %1.', path));
    }
  }
}
