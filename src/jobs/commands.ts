/** The commands of the jobs area. */

import { Dialog, Notification, showErrorMessage } from '@jupyterlab/apputils';
import { PathExt } from '@jupyterlab/coreutils';
import type { TranslationBundle } from '@jupyterlab/translation';
import type { CommandRegistry } from '@lumino/commands';

import { asApiError } from '../api/client';
import type { Job } from '../api/types';
import type { INotebooks } from '../tokens';
import { submitIcon } from '../ui/icons';
import type { JobsClient } from './client';
import { askForSubmission } from './dialog';
import type { JobsModel } from './model';

/** Their ids. */
export const JobsCommands = {
  submit: 'mlnb:jobs-submit',
  openOutput: 'mlnb:jobs-open-output'
} as const;

/** What the commands work with. */
export interface IJobsCommandsOptions {
  readonly commands: CommandRegistry;
  readonly model: JobsModel;
  readonly client: JobsClient;
  readonly notebooks: INotebooks;
  readonly trans: TranslationBundle;
  /** Path, relative to the server's root, of the notebook that is selected in the file browser. */
  readonly selectedFile: () => string | null;
  readonly show: () => void;
}

/** Adds the commands; answers those that belong in the palette. */
export function addJobsCommands(options: IJobsCommandsOptions): readonly string[] {
  const { commands, notebooks, trans } = options;
  commands.addCommand(JobsCommands.submit, {
    label: trans.__('Submit as Job …'),
    caption: trans.__('Run this notebook from top to bottom as a job, with parameters'),
    icon: submitIcon,
    describedBy: {
      args: {
        type: 'object',
        properties: {
          path: { type: 'string', description: trans.__('The notebook; else the current one') },
          selected: {
            type: 'boolean',
            description: trans.__('Take the notebook selected in the file browser')
          }
        }
      }
    },
    isEnabled: args =>
      args['selected'] === true || typeof args['path'] === 'string' || notebooks.current !== null,
    execute: async args => {
      const named = typeof args['path'] === 'string' ? args['path'] : null;
      const selected = args['selected'] === true ? options.selectedFile() : null;
      await submitNotebook(named ?? selected, options);
    }
  });
  notebooks.currentChanged.connect(() => {
    commands.notifyCommandChanged(JobsCommands.submit);
  });
  return [JobsCommands.submit];
}

async function submitNotebook(named: string | null, options: IJobsCommandsOptions): Promise<void> {
  const { client, model, notebooks, trans } = options;
  const path = named ?? notebooks.current?.path;
  if (path === undefined) {
    return;
  }
  try {
    await notebooks.all.find(notebook => notebook.path === path)?.save();
    const [parameters, executors] = await Promise.all([
      client.parameters(path),
      client.executors()
    ]);
    const submission = await askForSubmission({ notebook: path, parameters, executors, trans });
    if (submission) {
      options.show();
      await model.submit(submission);
    }
  } catch (reason) {
    const { message, hint } = asApiError(reason);
    await showErrorMessage(trans.__('%1 was not submitted', path), [message, hint].join(' '), [
      Dialog.okButton()
    ]);
  }
}

/** Tells the user that a job submitted here has ended, with a way to what came out. */
export function notifyEnded(
  job: Job,
  trans: TranslationBundle,
  openOutput: (job: Job) => void
): void {
  const name = PathExt.basename(job.notebook);
  const actions = job.output
    ? [
        {
          label: job.failed_cell ? trans.__('Open at failed cell') : trans.__('Open output'),
          callback: () => {
            openOutput(job);
          }
        }
      ]
    : [];
  if (job.state === 'succeeded') {
    Notification.success(trans.__('Job %1 succeeded.', name), { actions, autoClose: 5000 });
  } else if (job.state !== 'cancelled') {
    const why = job.failed_cell?.error ?? job.reason;
    const message = trans.__('Job %1: %2. %3', name, job.state, why);
    Notification.error(message.slice(0, 140), { actions, autoClose: false });
  }
}
