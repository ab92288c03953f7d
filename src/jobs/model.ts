/** What the Jobs section shows: the newest jobs, what the opened ones are doing, and the worker. */

import type { IEvents, IMlnbEvent } from '../api/events';
import type { CellProgress, Job, WorkerStatus } from '../api/types';
import { SectionModel } from '../ui/section_model';
import type { ISubmission, JobsClient } from './client';

const PAGE = 30;
const TAIL = 200;
const FINAL: readonly Job['state'][] = ['succeeded', 'failed', 'cancelled', 'lost'];

/** Whether nothing more happens by itself to a job in this state. */
export function isFinal(state: Job['state']): boolean {
  return FINAL.includes(state);
}

/** What an opened job shows beyond its row. */
export interface IJobDetail {
  readonly lines: readonly string[];
  readonly next: number;
  readonly progress: CellProgress | null;
}

/** Follows the jobs by events. */
export class JobsModel extends SectionModel {
  constructor(
    private readonly _client: JobsClient,
    events: IEvents
  ) {
    super();
    events.on(['job_changed'], event => {
      this._onChanged(event);
    });
    events.on(['job_progressed'], event => {
      this._onProgressed(event);
    });
    events.on(['worker_changed'], () => {
      this.invalidate();
    });
  }

  get count(): number | null {
    return this._total;
  }

  /** The newest jobs, newest first. */
  get jobs(): readonly Job[] {
    return this._jobs;
  }

  /** Those that have not ended. */
  get live(): readonly Job[] {
    return this._jobs.filter(job => !isFinal(job.state));
  }

  /** The worker, or null while it is not known. */
  get worker(): WorkerStatus | null {
    return this._worker;
  }

  /** Whether somebody outside the section follows the jobs, so that events are worth a look though it is hidden. */
  isWatched = false;

  /** Called with each job that was submitted here and has ended. */
  onEnded: ((job: Job) => void) | null = null;

  /** What job `id` shows beyond its row; null while that is not fetched. */
  detail(id: string): IJobDetail | null {
    return this._details.get(id) ?? null;
  }

  /** Begins or ends to follow log and cells of a job. */
  async follow(id: string, isFollowed: boolean): Promise<void> {
    if (isFollowed) {
      this._details.set(id, { lines: [], next: 0, progress: null });
      await this._fetchDetail(id);
    } else {
      this._details.delete(id);
    }
  }

  /** Submits a job; answers it, or null when that was refused (see `error`). */
  async submit(submission: ISubmission): Promise<Job | null> {
    const job = await this.act('submit', () => this._client.submit(submission));
    if (!job) {
      return null;
    }
    this._own.add(job.id);
    await this.refresh();
    return job;
  }

  /** Asks for the end of a job. */
  async cancel(id: string): Promise<void> {
    await this.act('cancel', () => this._client.cancel(id));
    await this.refresh();
  }

  /** Tries a job that has ended once more. */
  async retry(id: string): Promise<void> {
    await this.act('retry', () => this._client.retry(id));
    this._own.add(id);
    if (this._details.has(id)) {
      this._details.set(id, { lines: [], next: 0, progress: null });
    }
    await this.refresh();
  }

  /** Stops the worker; running jobs go on. */
  async stopWorker(): Promise<void> {
    await this.act('worker', () => this._client.stopWorker());
    await this.refresh();
  }

  protected async load(): Promise<void> {
    const [page, worker] = await Promise.all([this._client.list(PAGE), this._client.worker()]);
    this._jobs = page.jobs;
    this._total = page.total;
    this._worker = worker;
    this._tellEnded();
    await Promise.all([...this._details.keys()].map(id => this._fetchDetail(id)));
  }

  private _tellEnded(): void {
    for (const job of this._jobs) {
      if (isFinal(job.state) && this._own.delete(job.id)) {
        this.onEnded?.(job);
      }
    }
  }

  private _onChanged({ subject }: IMlnbEvent): void {
    if (this.isWatched || this._own.has(subject)) {
      void this.refresh();
    } else {
      this.invalidate();
    }
  }

  private _onProgressed({ subject, data }: IMlnbEvent): void {
    const { cell, cells } = data;
    this._jobs = this._jobs.map(job =>
      job.id === subject && typeof cell === 'number' && typeof cells === 'number'
        ? { ...job, cells_done: cell, cells_total: cells }
        : job
    );
    this.changed();
    if (this.isActive && this._details.has(subject)) {
      void this._fetchDetail(subject);
    }
  }

  private async _fetchDetail(id: string): Promise<void> {
    const before = this._details.get(id);
    if (!before) {
      return;
    }
    try {
      const [log, progress] = await Promise.all([
        this._client.log(id, before.next),
        this._client.cells(id)
      ]);
      const now = this._details.get(id);
      if (now && now.next <= log.next) {
        const isOverlap = now.next !== before.next; // a second answer for the same lines
        const lines = isOverlap ? now.lines : [...now.lines, ...log.lines].slice(-TAIL);
        this._details.set(id, { lines, next: isOverlap ? now.next : log.next, progress });
      }
    } catch {
      // a job that has not started has no log yet; its row says where it stands
    }
    this.changed();
  }

  private readonly _details = new Map<string, IJobDetail>();
  private readonly _own = new Set<string>();
  private _jobs: readonly Job[] = [];
  private _total: number | null = null;
  private _worker: WorkerStatus | null = null;
}
