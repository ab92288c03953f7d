/** The server's part of the jobs area. */

import type { Call } from '../api/client';
import type {
  CellProgress,
  ExecutorInfo,
  Job,
  JobPage,
  LogPage,
  Parameter,
  WorkerStatus
} from '../api/types';

/** What a user asks for when submitting. */
export interface ISubmission {
  readonly notebook: string;
  readonly parameters: Readonly<Record<string, unknown>>;
  readonly executor: string;
  readonly image?: string;
  readonly cpus?: number;
  readonly memory?: string;
}

/** Requests about jobs, executors and the worker. */
export class JobsClient {
  constructor(private readonly _call: Call) {}

  /** The newest jobs. */
  list(limit: number): Promise<JobPage> {
    return this._call('jobs', { query: { limit } });
  }

  get(id: string): Promise<Job> {
    return this._call(`jobs/${encodeURIComponent(id)}`);
  }

  submit(submission: ISubmission): Promise<Job> {
    return this._call('jobs', { method: 'POST', body: submission });
  }

  cancel(id: string): Promise<Job> {
    return this._call(`jobs/${encodeURIComponent(id)}/cancel`, { method: 'POST' });
  }

  retry(id: string): Promise<Job> {
    return this._call(`jobs/${encodeURIComponent(id)}/retry`, { method: 'POST' });
  }

  /** Lines of the log from line `after` on. */
  log(id: string, after: number): Promise<LogPage> {
    return this._call(`jobs/${encodeURIComponent(id)}/logs`, { query: { after } });
  }

  cells(id: string): Promise<CellProgress> {
    return this._call(`jobs/${encodeURIComponent(id)}/cells`);
  }

  async executors(): Promise<readonly ExecutorInfo[]> {
    const answer = await this._call<{ executors: ExecutorInfo[] }>('executors');
    return answer.executors;
  }

  /** What the parameters cell of the saved notebook at `path` declares. */
  async parameters(path: string): Promise<readonly Parameter[]> {
    const answer = await this._call<{ parameters: Parameter[] }>('notebooks/parameters', {
      query: { path }
    });
    return answer.parameters;
  }

  /** Path, relative to the server's root, under which the output notebook of a job can be opened. */
  async outputPath(id: string): Promise<string> {
    const answer = await this._call<{ path: string }>(`jobs/${encodeURIComponent(id)}/open`, {
      method: 'POST'
    });
    return answer.path;
  }

  worker(): Promise<WorkerStatus> {
    return this._call('worker');
  }

  async stopWorker(): Promise<void> {
    await this._call('worker/stop', { method: 'POST' });
  }
}
