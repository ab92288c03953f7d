/** The commands of the models area. */

import { InputDialog, Notification } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';
import type { CommandRegistry } from '@lumino/commands';

import type { INotebooks } from '../tokens';
import type { ModelsModel } from './model';

/** Their ids. */
export const ModelsCommands = {
  register: 'mlnb:models-register',
  insertExample: 'mlnb:models-insert-example'
} as const;

/** The smallest cell that logs a run. */
const EXAMPLE = [
  'import mlflow',
  '',
  'with mlflow.start_run():',
  '    mlflow.log_param("numbers", 10)',
  '    mlflow.log_metric("total", sum(range(10)))'
].join('\n');

/** Adds the commands; answers those that belong in the palette. */
export function addModelsCommands(
  commands: CommandRegistry,
  model: ModelsModel,
  notebooks: INotebooks,
  trans: TranslationBundle
): readonly string[] {
  commands.addCommand(ModelsCommands.register, {
    label: trans.__('Register Model …'),
    caption: trans.__('Register the model that a run logged, under a name of your choice'),
    describedBy: {
      args: {
        type: 'object',
        properties: {
          run_id: { type: 'string', description: trans.__('The run; else the newest') }
        }
      }
    },
    isEnabled: () => model.runs.length > 0,
    execute: async args => {
      const wanted = args['run_id'];
      const id = typeof wanted === 'string' ? wanted : model.runs[0]?.run_id;
      if (id !== undefined) {
        await registerRun(id, model, trans);
      }
    }
  });
  commands.addCommand(ModelsCommands.insertExample, {
    label: trans.__('Insert a Cell That Logs a Run'),
    caption: trans.__('Insert the smallest cell that logs a parameter and a metric with MLflow'),
    describedBy: { args: { type: 'object', properties: {} } },
    isEnabled: () => notebooks.current !== null,
    execute: () => {
      notebooks.current?.insert(EXAMPLE);
    }
  });
  model.stateChanged.connect(() => {
    commands.notifyCommandChanged(ModelsCommands.register);
  });
  notebooks.currentChanged.connect(() => {
    commands.notifyCommandChanged(ModelsCommands.insertExample);
  });
  return Object.values(ModelsCommands);
}

async function registerRun(
  runId: string,
  model: ModelsModel,
  trans: TranslationBundle
): Promise<void> {
  const suggestion = model.nameOfModel(runId);
  const answer = await InputDialog.getText({
    title: trans.__('Register the model of run %1', runId.slice(0, 8)),
    label: trans.__('Name of the registered model; a known name gets its next version'),
    text: suggestion,
    okLabel: trans.__('Register')
  });
  const name = answer.value?.trim();
  if (!answer.button.accept || !name) {
    return;
  }
  const version = await model.register(runId, name);
  if (version) {
    Notification.success(trans.__('Registered %1, version %2.', name, version.version), {
      autoClose: 4000
    });
  }
}
