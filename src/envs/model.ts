/** What the Environment section shows: what is installed where the current notebook runs. */

import type { EnvironmentDifference, EnvironmentStatus, NotebookEnvironment } from '../api/types';
import type { INotebook, INotebooks } from '../tokens';
import { SectionModel } from '../ui/section_model';
import type { EnvsClient } from './client';

type Distribution = NotebookEnvironment['environment']['distributions'][number];

/** Differences of one grade. */
export interface IGrade {
  readonly severity: EnvironmentDifference['severity'];
  readonly differences: readonly EnvironmentDifference[];
}

const GRADES = ['red', 'amber', 'info'] as const;

/** Follows the current notebook and its kernel. */
export class EnvsModel extends SectionModel {
  constructor(
    private readonly _notebooks: INotebooks,
    private readonly _client: EnvsClient
  ) {
    super();
    _notebooks.currentChanged.connect(this._follow, this);
    this._follow();
  }

  get count(): number | null {
    return this._shown?.environment.distributions.length ?? null;
  }

  /** The environment, or null while it is not known. */
  get shown(): NotebookEnvironment | null {
    return this._shown;
  }

  /** How the environment stands, or null while it is not known. */
  get status(): EnvironmentStatus | null {
    return this._status;
  }

  /** What is wrong with it by itself, and how it differs from the lock or, without one, from the last job's; the gravest first. */
  get grades(): readonly IGrade[] {
    const { findings = [], drift = null, last_job: last = null } = this._status ?? {};
    const compared = (drift ?? last?.drift)?.differences ?? [];
    const told = new Set(findings.map(named));
    const all = [...findings, ...compared.filter(one => !told.has(named(one)))];
    return GRADES.map(severity => ({
      severity,
      differences: all.filter(one => one.severity === severity)
    })).filter(({ differences }) => differences.length > 0);
  }

  /** Whether a restart of the kernel would bring some of it back: the right files are on disk. */
  get needsRestart(): boolean {
    return this.grades.some(({ differences }) =>
      differences.some(({ fix }) => fix === 'restart_kernel')
    );
  }

  /** What package names must contain to be listed. */
  get filter(): string {
    return this._filter;
  }

  /** Lists only packages whose name contains `text`. */
  filterBy(text: string): void {
    this._filter = text;
    this.changed();
  }

  /** The packages that match the filter, by name. */
  get packages(): readonly Distribution[] {
    const wanted = this._filter.trim().toLowerCase();
    const all = this._shown?.environment.distributions ?? [];
    return all.filter(({ name }) => name.toLowerCase().includes(wanted));
  }

  protected async load(): Promise<void> {
    const notebook = this._notebooks.current?.path ?? '';
    [this._shown, this._status] = await Promise.all([
      this._client.ofNotebook(notebook),
      this._client.status(notebook)
    ]);
  }

  private _follow(): void {
    this._followed?.kernel.stateChanged.disconnect(this.invalidate, this);
    this._followed = this._notebooks.current;
    this._followed?.kernel.stateChanged.connect(this.invalidate, this);
    this.invalidate();
  }

  private _followed: INotebook | null = null;
  private _shown: NotebookEnvironment | null = null;
  private _status: EnvironmentStatus | null = null;
  private _filter = '';
}

function named({ kind, name }: EnvironmentDifference): string {
  return `${kind} ${name}`;
}
