/** The sidebar's plugin. */

import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ILayoutRestorer } from '@jupyterlab/application';
import { ICommandPalette } from '@jupyterlab/apputils';
import { ISettingRegistry } from '@jupyterlab/settingregistry';
import type { TranslationBundle } from '@jupyterlab/translation';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';

import { INotebooks, ISidebar } from '../tokens';
import { mlnbIcon } from '../ui/icons';
import { SidebarHeader } from './header';
import type { OpenSections } from './panel';
import { SIDEBAR_ID, SidebarPanel } from './panel';

const ID = 'mlnb:sidebar';
const SHOW = 'mlnb:sidebar-show';

/** One icon in the left bar, under it the sections that the areas add. */
export const sidebarPlugin: JupyterFrontEndPlugin<ISidebar> = {
  id: ID,
  description: 'The sidebar of mlnb, where the areas add their sections.',
  autoStart: true,
  provides: ISidebar,
  requires: [INotebooks],
  optional: [ITranslator, ISettingRegistry, ICommandPalette, ILayoutRestorer],
  activate: (
    app: JupyterFrontEnd,
    notebooks: INotebooks,
    translator: ITranslator | null,
    settings: ISettingRegistry | null,
    palette: ICommandPalette | null,
    restorer: ILayoutRestorer | null
  ): ISidebar => {
    const trans = (translator ?? nullTranslator).load('mlnb');
    const header = new SidebarHeader(notebooks, trans);
    const panel = new SidebarPanel({ commands: app.commands, trans, header });
    app.shell.add(panel, 'left', { rank: 550, type: 'mlnb' });
    restorer?.add(panel, SIDEBAR_ID);
    void rememberSections(panel, settings);
    const show = (id?: string): void => {
      app.shell.activateById(SIDEBAR_ID); // also opens the left area of Notebook 7
      if (id) {
        panel.open(id);
      }
    };
    addShowCommand(app, trans, id => {
      show(id);
      panel.focus(id); // who asks for the sidebar wants to go on there
    });
    palette?.addItem({ command: SHOW, category: 'mlnb' });
    return {
      addSection: section => panel.addSection(section),
      show
    };
  }
};

function addShowCommand(
  app: JupyterFrontEnd,
  trans: TranslationBundle,
  show: (id?: string) => void
): void {
  app.commands.addCommand(SHOW, {
    label: trans.__('Show mlnb'),
    caption: trans.__('Show the mlnb sidebar, and in it one section if it is named'),
    icon: mlnbIcon,
    describedBy: {
      args: {
        type: 'object',
        properties: {
          section: { type: 'string', description: trans.__('Id of the section, such as jobs') }
        }
      }
    },
    execute: args => {
      show(typeof args['section'] === 'string' ? args['section'] : undefined);
    }
  });
}

async function rememberSections(
  panel: SidebarPanel,
  registry: ISettingRegistry | null
): Promise<void> {
  const settings = await registry?.load(ID);
  if (settings) {
    const stored = settings.get('sections').composite;
    panel.decisions = (stored ?? {}) as OpenSections;
    panel.decided.connect((_, decisions) => {
      void settings.set('sections', { ...decisions });
    });
  }
}
