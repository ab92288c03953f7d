/** The plugin of the jobs area. */

import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ICommandPalette, showErrorMessage } from '@jupyterlab/apputils';
import { IDefaultFileBrowser } from '@jupyterlab/filebrowser';
import { IRunningSessionManagers } from '@jupyterlab/running';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';
import { createElement } from 'react';

import { asApiError, callerFromSettings } from '../api/client';
import { eventsFromStream } from '../api/events';
import type { Job } from '../api/types';
import { INotebooks, ISidebar } from '../tokens';
import { ModelView } from '../ui/model_view';
import { JobsClient } from './client';
import { addJobsCommands, JobsCommands, notifyEnded } from './commands';
import { JobsModel } from './model';
import { RunningJobs } from './running';
import { JobsView } from './view';

/** Submits notebooks as jobs and follows them. */
export const jobsPlugin: JupyterFrontEndPlugin<void> = {
  id: 'mlnb:jobs',
  description: 'Submits notebooks as jobs and shows how far they are.',
  autoStart: true,
  requires: [INotebooks, ISidebar],
  optional: [ITranslator, ICommandPalette, IRunningSessionManagers, IDefaultFileBrowser],
  activate: (
    app: JupyterFrontEnd,
    notebooks: INotebooks,
    sidebar: ISidebar,
    translator: ITranslator | null,
    palette: ICommandPalette | null,
    running: IRunningSessionManagers | null,
    browser: IDefaultFileBrowser | null
  ) => {
    const { commands, serviceManager } = app;
    const trans = (translator ?? nullTranslator).load('mlnb');
    const client = new JobsClient(callerFromSettings(serviceManager.serverSettings));
    const model = new JobsModel(client, eventsFromStream(serviceManager.events));
    const show = (): void => {
      sidebar.show('jobs');
    };
    const onOpenOutput = (job: Job): void => void openOutput(app, client, job);
    const selectedFile = (): string | null => {
      for (const item of browser?.selectedItems() ?? []) {
        return item.type === 'notebook' ? serviceManager.contents.localPath(item.path) : null;
      }
      return null;
    };
    addJobsCommands({ commands, model, client, notebooks, trans, selectedFile, show }).forEach(
      command => palette?.addItem({ command, category: 'mlnb' })
    );
    model.onEnded = job => {
      notifyEnded(job, trans, onOpenOutput);
    };
    running?.add(new RunningJobs(model, trans, show));
    const content = new ModelView(model, shown =>
      createElement(JobsView, {
        model: shown,
        trans,
        onOpenOutput,
        onSubmit: () => void commands.execute(JobsCommands.submit),
        canSubmit: notebooks.current !== null
      })
    );
    notebooks.currentChanged.connect(() => {
      content.update();
    });
    sidebar.addSection({
      id: 'jobs',
      label: trans.__('Jobs'),
      caption: trans.__('Notebooks that run from top to bottom while you go on working'),
      rank: 50,
      isOpenAtFirst: true,
      model,
      content,
      actions: [{ command: JobsCommands.submit }]
    });
  }
};

async function openOutput(app: JupyterFrontEnd, client: JobsClient, job: Job): Promise<void> {
  try {
    const path = await client.outputPath(job.id);
    await app.commands.execute('docmanager:open', { path });
  } catch (reason) {
    const { message, hint } = asApiError(reason);
    await showErrorMessage(message, hint);
  }
}
