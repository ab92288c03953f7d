/** The command that opens the dependency graph of a notebook, and brings its tabs back when the page is loaded again. */

import type { ILabShell, ILayoutRestorer, JupyterFrontEnd } from '@jupyterlab/application';
import { MainAreaWidget, WidgetTracker } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';

import type { INotebook, INotebooks } from '../tokens';
import { graphIcon } from '../ui/icons';
import type { IFollowed } from './graph_model';
import { GraphModel } from './graph_model';
import { GraphWidget } from './graph_widget';

/** Its id. */
export const GRAPH_COMMAND = 'mlnb:order-graph';

/** What it works with. */
export interface IGraphOptions {
  readonly app: JupyterFrontEnd;
  readonly notebooks: INotebooks;
  readonly followerOf: (notebook: INotebook) => IFollowed | null;
  readonly trans: TranslationBundle;
  /** JupyterLab's shell, which has tabs; null in Notebook 7. */
  readonly labShell: ILabShell | null;
  readonly restorer: ILayoutRestorer | null;
}

type Tab = MainAreaWidget<GraphWidget>;

/** Where a widget is added in the main area, as the shell wants to be told. */
type Place = { readonly mode: 'tab-after' | 'split-left'; readonly ref: string };

/** Adds the command; answers its id. */
export function addGraphCommand(options: IGraphOptions): string {
  const { app, notebooks, trans, restorer } = options;
  const tracker = new WidgetTracker<Tab>({ namespace: 'mlnb-order-graph' });
  app.commands.addCommand(GRAPH_COMMAND, {
    label: trans.__('Dependency Graph'),
    caption: trans.__('Show which cell reads what from which other cell, as a graph or a table'),
    icon: graphIcon,
    describedBy: {
      args: {
        type: 'object',
        properties: {
          path: { type: 'string', description: trans.__('The notebook; else the current one') },
          look: { type: 'string', enum: ['graph', 'table'] },
          isOnlyNotFresh: {
            type: 'boolean',
            description: trans.__('Whether to leave out the cells that are fresh')
          }
        }
      }
    },
    isEnabled: args => notebooks.current !== null || typeof args['path'] === 'string',
    execute: async args => {
      const path = typeof args['path'] === 'string' ? args['path'] : notebooks.current?.path;
      if (path === undefined) {
        return;
      }
      const known = tracker.find(({ content }) => content.model.path === path);
      const tab = known ?? newTab(path, options, tracker);
      if (args['look'] === 'graph' || args['look'] === 'table') {
        tab.content.model.showAs(args['look']);
      }
      if (!known) {
        place(tab, options, tracker);
        await tracker.add(tab);
      }
      if (args['isRestored'] !== true) {
        if (args['isOnlyNotFresh'] === true) {
          tab.content.model.showOnlyNotFresh(true);
        } else {
          tab.content.model.selectActive();
        }
        app.shell.activateById(tab.id);
      }
    }
  });
  void restorer?.restore(tracker, {
    command: GRAPH_COMMAND,
    args: ({ content: { model } }) => ({ path: model.path, look: model.look, isRestored: true }),
    name: ({ content }) => content.model.path
  });
  notebooks.currentChanged.connect(() => {
    app.commands.notifyCommandChanged(GRAPH_COMMAND);
  });
  return GRAPH_COMMAND;
}

function newTab(path: string, options: IGraphOptions, tracker: WidgetTracker<Tab>): Tab {
  const { app, notebooks, followerOf, trans, labShell } = options;
  const model = new GraphModel(notebooks, path, followerOf);
  const content = new GraphWidget(model, trans, () => {
    const beside = labShell ? { options: placeBeside(tab, labShell) } : {};
    void app.commands.execute('docmanager:open', { path: model.path, ...beside });
  });
  const tab: Tab = new MainAreaWidget({ content });
  tab.id = `mlnb-order-graph-${++count}`;
  tab.title.closable = true;
  model.placeChanged.connect(() => void tracker.save(tab));
  return tab;
}

let count = 0;

/** Beside the notebook, so that both are seen; behind another graph when there is one. */
function place(tab: Tab, options: IGraphOptions, tracker: WidgetTracker<Tab>): void {
  const { app, labShell } = options;
  if (!labShell) {
    app.shell.add(tab, 'right', { rank: 900 }); // the main area of Notebook 7 holds one document and nothing else
    return;
  }
  const before = tracker.currentWidget;
  labShell.add(
    tab,
    'main',
    before?.isVisible ? { mode: 'tab-after', ref: before.id } : { mode: 'split-right' }
  );
}

/** Where the notebook of a graph is opened so that both are seen: where other tabs are, else to the left of the graph. */
function placeBeside(tab: Tab, labShell: ILabShell): Place {
  const others = [...labShell.widgets('main')].filter(widget => widget !== tab);
  const seen = others.find(widget => widget.isVisible);
  return seen ? { mode: 'tab-after', ref: seen.id } : { mode: 'split-left', ref: tab.id };
}
