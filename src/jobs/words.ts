/** The states of jobs in words. */

import type { TranslationBundle } from '@jupyterlab/translation';

import type { Job } from '../api/types';
import { duration } from '../ui/format';

/** A state as people call it. */
export function stateText(job: Job, trans: TranslationBundle): string {
  if (job.is_cancelling && !job.ended_at) {
    return trans.__('Cancelling');
  }
  switch (job.state) {
    case 'queued':
      return trans.__('Queued');
    case 'starting':
      return trans.__('Starting');
    case 'running':
      return trans.__('Running');
    case 'succeeded':
      return trans.__('Succeeded');
    case 'failed':
      return trans.__('Failed');
    case 'cancelled':
      return trans.__('Cancelled');
    case 'lost':
      return trans.__('Lost');
  }
}

/** How long a job ran or has been running, or an empty text before it runs. */
export function ranFor(job: Job, trans: TranslationBundle, nowMs = Date.now()): string {
  if (!job.started_at) {
    return '';
  }
  const end = job.ended_at ? Date.parse(job.ended_at) : nowMs;
  return duration((end - Date.parse(job.started_at)) / 1000, trans);
}

/** Parameters as `name=value` pairs. */
export function parametersText(parameters: Readonly<Record<string, unknown>>): string {
  return Object.entries(parameters)
    .map(([name, value]) => `${name}=${typeof value === 'string' ? value : JSON.stringify(value)}`)
    .join(', ');
}
