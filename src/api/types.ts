/** The wire types by short names. */

export interface Finding {
  code: string;
  message: string;
  cell_id: string | null;
  index: number;
  severity: string;
}
export interface CheckReport {
  notebook: string;
  findings: Finding[];
}
export interface VariableEntry {
  state: 'saved' | 'recompute' | 'not_restorable';
  type: string;
  size_bytes: number;
  digest: string | null;
  reason: string;
}
export interface Snapshot {
  id: string;
  notebook: string;
  created_at: string;
  reason: string;
  cell_runs: number;
  variables: Record<string, VariableEntry>;
  env_id: string | null;
  git_commit: string | null;
  size_bytes: number;
}
export interface SnapshotPage {
  snapshots: Snapshot[];
  total: number;
  cursor: string | null;
}
export interface Restored {
  restored: string[];
  recomputed: string[];
  not_restored: Record<string, string>;
}
export interface Diff {
  a: string;
  b: string;
}
export interface Run {
  run_id: string;
  name: string;
  experiment: string;
  status: string;
  params: Record<string, string>;
  metrics: Record<string, number | null>;
  tags: Record<string, string>;
}
export interface RunPage {
  runs: Run[];
  total: number;
  cursor: string | null;
}
export interface Job {
  id: string;
  state: 'queued' | 'starting' | 'running' | 'succeeded' | 'failed' | 'cancelled' | 'lost';
  reason: string;
  notebook: string;
  parameters: Record<string, unknown>;
  executor: string;
  host: string | null;
  attempt: number;
  submitted_at: string;
  started_at: string | null;
  ended_at: string | null;
  failed_cell: { index: number; id: string; error: string } | null;
  output: string | null;
  run_id: string | null;
  snapshot_id: string | null;
  cells_done: number;
  cells_total: number;
  is_cancelling: boolean;
}
export interface JobPage {
  jobs: Job[];
  total: number;
  cursor: string | null;
}
export interface ExecutorInfo {
  name: string;
  available: boolean;
  reason: string;
}
export interface Parameter {
  name: string;
  type: string;
  default: unknown;
  help: string;
  is_annotated: boolean;
}
export interface LogPage {
  lines: string[];
  next: number;
}
export interface WorkerStatus {
  running: boolean;
  pid: number | null;
  started_at: string | null;
  version: string | null;
}
