/** The wire types by short names. They are declared once, in Python, and generated from there into types.gen.ts. */

import type { components, paths } from './types.gen';

type Schemas = components['schemas'];

export type Applied = Schemas['Applied'];
export type CellChange = Schemas['CellChange'];
export type CellProgress = Schemas['CellProgress'];
export type Change = Schemas['Change'];
export type CheckReport = Schemas['CheckReport'];
export type DataChange = Schemas['DataChange'];
export type DataFile = Schemas['DataFile'];
export type Diff = Schemas['Diff'];
export type Cleaned = Schemas['Cleaned'];
export type DiskUsage = Schemas['DiskUsage'];
export type Entry = Schemas['Entry'];
export type EnvironmentDifference = Schemas['EnvironmentStatus']['findings'][number];
export type EnvironmentStatus = Schemas['EnvironmentStatus'];
export type ExecutorInfo = Schemas['ExecutorInfo'];
export type Fact = Schemas['Fact'];
export type FeatureView = Schemas['FeatureView'];
export type FeatureViewDetail = Schemas['FeatureViewDetail'];
export type FeatureViewPage = Schemas['FeatureViewPage'];
export type Finding = Schemas['Finding'];
export type Job = Schemas['Job'];
export type JobPage = Schemas['JobPage'];
export type LogPage = Schemas['LogPage'];
export type ModelPage = Schemas['ModelPage'];
export type ModelVersion = Schemas['ModelVersion'];
export type NotebookEnvironment = Schemas['NotebookEnvironment'];
export type NotebookIdentity = Schemas['NotebookIdentity'];
export type OrderPolicy = Schemas['OrderPolicy'];
export type Parameter = Schemas['Parameter'];
export type Picture = Schemas['Picture'];
export type Place = Schemas['Place'];
export type Preview =
  paths['/mlnb/snapshots/{id}/preview']['get']['responses'][200]['content']['application/json'];
export type PreviewedVariable = Schemas['PreviewedVariable'];
export type Purged = Schemas['Purged'];
export type RegisteredModel = Schemas['RegisteredModel'];
export type Restored = Schemas['Restored'];
export type Run = Schemas['Run'];
export type RunPage = Schemas['RunPage'];
export type Snapshot = Schemas['Snapshot'];
export type SnapshotPage = Schemas['SnapshotPage'];
export type Taken = Schemas['Taken'];
export type Timeline = Schemas['Timeline'];
export type Variable = Schemas['Variable'];
export type Verified = Schemas['Verified'];
export type WorkerStatus = Schemas['WorkerStatus'];
