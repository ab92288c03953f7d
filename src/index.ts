/** The plugins of mlnb, nothing else. */

import { envsPlugin } from './envs/plugin';
import { featuresPlugin } from './features/plugin';
import { jobsPlugin } from './jobs/plugin';
import { modelsPlugin } from './models/plugin';
import { executorPlugin, fittingPlugin, gatePlugin } from './notebook/executor';
import { notebooksPlugin } from './notebook/plugin';
import { orderPlugin } from './order/plugin';
import { sidebarPlugin } from './sidebar/plugin';
import { diffPlugin } from './snapshots/diff/plugin';
import { snapshotsPlugin } from './snapshots/plugin';

export default [
  gatePlugin,
  executorPlugin,
  fittingPlugin,
  notebooksPlugin,
  sidebarPlugin,
  orderPlugin,
  snapshotsPlugin,
  diffPlugin,
  modelsPlugin,
  featuresPlugin,
  jobsPlugin,
  envsPlugin
];
