/** Jobs and the worker in JupyterLab's panel of running things. */

import { PathExt } from '@jupyterlab/coreutils';
import type { IRunningSessions } from '@jupyterlab/running';
import type { TranslationBundle } from '@jupyterlab/translation';
import { settingsIcon } from '@jupyterlab/ui-components';
import { Signal } from '@lumino/signaling';

import type { Job } from '../api/types';
import { submitIcon } from '../ui/icons';
import type { JobsModel } from './model';
import { stateText } from './words';

/** The manager that the panel asks. */
export class RunningJobs implements IRunningSessions.IManager {
  constructor(
    private readonly _model: JobsModel,
    private readonly _trans: TranslationBundle,
    private readonly _open: () => void
  ) {
    this.name = _trans.__('mlnb jobs');
    this.shutdownLabel = item =>
      item instanceof RunningWorker ? _trans.__('Stop the worker') : _trans.__('Cancel job');
    this.shutdownAllLabel = _trans.__('Cancel All');
    this.shutdownAllConfirmationText = _trans.__('Cancel all jobs that have not ended?');
    _model.stateChanged.connect(() => {
      this.runningChanged.emit();
    });
  }

  readonly name: string;
  readonly shutdownLabel: (item: IRunningSessions.IRunningItem) => string;
  readonly shutdownAllLabel: string;
  readonly shutdownAllConfirmationText: string;
  readonly runningChanged = new Signal<this, void>(this);

  running(): IRunningSessions.IRunningItem[] {
    const { live, worker } = this._model;
    const jobs = live.map(job => new RunningJob(job, this._model, this._trans, this._open));
    return worker?.running
      ? [...jobs, new RunningWorker(this._model, this._trans, this._open)]
      : jobs;
  }

  refreshRunning(): void {
    this._model.isWatched = true;
    void this._model.refresh();
  }

  shutdownAll(): void {
    for (const job of this._model.live) {
      void this._model.cancel(job.id);
    }
  }
}

class RunningJob implements IRunningSessions.IRunningItem {
  constructor(
    private readonly _job: Job,
    private readonly _model: JobsModel,
    private readonly _trans: TranslationBundle,
    readonly open: () => void
  ) {}

  readonly icon = (): typeof submitIcon => submitIcon;
  readonly label = (): string => PathExt.basename(this._job.notebook);
  readonly labelTitle = (): string => this._trans.__('Job %1', this._job.id);
  readonly detail = (): string => {
    const { cells_done: done, cells_total: total } = this._job;
    const state = stateText(this._job, this._trans);
    return total > 0 ? this._trans.__('%1, cell %2 of %3', state, done, total) : state;
  };
  readonly shutdown = (): void => void this._model.cancel(this._job.id);
}

class RunningWorker implements IRunningSessions.IRunningItem {
  constructor(
    private readonly _model: JobsModel,
    private readonly _trans: TranslationBundle,
    readonly open: () => void
  ) {}

  readonly icon = (): typeof settingsIcon => settingsIcon;
  readonly label = (): string => this._trans.__('mlnb worker');
  readonly labelTitle = (): string =>
    this._trans.__('The process that starts queued jobs. It starts again with the next job.');
  readonly detail = (): string => this._trans.__('process %1', this._model.worker?.pid ?? '');
  readonly shutdown = (): void => void this._model.stopWorker();
}
