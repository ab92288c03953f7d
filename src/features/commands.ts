/** The commands of the features area. */

import { Notification } from '@jupyterlab/apputils';
import type { IDocumentManager } from '@jupyterlab/docmanager';
import { FileDialog } from '@jupyterlab/filebrowser';
import type { ITranslator } from '@jupyterlab/translation';
import { addIcon } from '@jupyterlab/ui-components';
import type { CommandRegistry } from '@lumino/commands';
import type { Widget } from '@lumino/widgets';

import type { FeaturesModel } from './model';

/** Their ids. */
export const FeaturesCommands = { add: 'mlnb:features-add' } as const;

/** What the commands work with. */
export interface IFeaturesCommandsOptions {
  readonly commands: CommandRegistry;
  readonly model: FeaturesModel;
  readonly documents: IDocumentManager;
  readonly translator: ITranslator;
  /** The widget that has the focus in the main area. */
  readonly currentWidget: () => Widget | null;
  readonly show: () => void;
}

/** Adds the commands; answers those that belong in the palette. */
export function addFeaturesCommands(options: IFeaturesCommandsOptions): readonly string[] {
  const { commands, model } = options;
  const trans = options.translator.load('mlnb');
  commands.addCommand(FeaturesCommands.add, {
    label: trans.__('Add Feature File …'),
    icon: addIcon,
    caption: trans.__('Register the feature views that a Python file defines'),
    describedBy: {
      args: {
        type: 'object',
        properties: {
          path: {
            type: 'string',
            description: trans.__('The file; else the current one, or asked for')
          }
        }
      }
    },
    execute: async args => {
      const path = typeof args['path'] === 'string' ? args['path'] : await pythonFile(options);
      if (path === null) {
        return;
      }
      options.show();
      const applied = await model.apply(path);
      if (applied) {
        const names = applied.views.map(view => view.name).join(', ');
        Notification.success(
          trans.__('Registered from %1: %2.', path, names || '–').slice(0, 140),
          {
            autoClose: 4000
          }
        );
      }
    }
  });
  return [FeaturesCommands.add];
}

async function pythonFile(options: IFeaturesCommandsOptions): Promise<string | null> {
  const { currentWidget, documents, translator } = options;
  const { contents } = documents.services;
  const widget = currentWidget();
  const context = widget && documents.contextForWidget(widget);
  if (context?.path.endsWith('.py')) {
    await context.save();
    return contents.localPath(context.path);
  }
  const trans = translator.load('mlnb');
  const answer = await FileDialog.getOpenFiles({
    manager: documents,
    translator,
    title: trans.__('The Python file that defines the features'),
    filter: file => (file.type === 'directory' || file.name.endsWith('.py') ? {} : null)
  });
  const file = answer.value?.find(({ type }) => type !== 'directory');
  return answer.button.accept && file ? contents.localPath(file.path) : null;
}
