/** The command that compares: a notebook as it is now with an earlier state, or two snapshots with each other. */

import { InputDialog } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';
import type { CommandRegistry } from '@lumino/commands';

import type { Diff } from '../../api/types';
import type { INotebook, INotebooks } from '../../tokens';
import { timeAgo } from '../../ui/format';
import { titleOf } from '../words';
import type { DiffClient } from './client';

/** The earlier states that have a name, as the server knows them. */
export const SINCE = ['run', 'clean', 'commit', 'yesterday'] as const;

/** Its id. Arguments: `since` (one of `SINCE`, or a snapshot), or `a` and `b` (two snapshots); without any it asks. */
export const COMPARE = 'mlnb:snapshots-compare';

/** What the command works with. */
export interface ICompareOptions {
  readonly commands: CommandRegistry;
  readonly client: DiffClient;
  readonly notebooks: INotebooks;
  /** Opens a tab for a comparison, in which one can ask for another one. */
  readonly open: (load: () => Promise<Diff>, label: string, onOther: () => void) => void;
  readonly trans: TranslationBundle;
}

const MOST_OFFERED = 30;

/** Adds the command. */
export function addCompareCommand(options: ICompareOptions): void {
  const { commands, client, notebooks, open, trans } = options;
  const text = (name: string): { type: 'string'; description: string } => ({
    type: 'string',
    description: name
  });
  commands.addCommand(COMPARE, {
    label: args => labelOf(args['since'], trans),
    caption: trans.__(
      'Save the notebook, take a snapshot of it, and show how it differs from an earlier state'
    ),
    describedBy: {
      args: {
        type: 'object',
        properties: {
          since: text(trans.__('run, clean, commit, yesterday, or the id of a snapshot')),
          a: text(trans.__('The id of a snapshot')),
          b: text(trans.__('The id of a later snapshot'))
        }
      }
    },
    isEnabled: args => notebooks.current !== null || typeof args['b'] === 'string',
    execute: async args => {
      const { since, a, b } = args;
      if (typeof a === 'string' && typeof b === 'string') {
        open(
          () => client.between(a, b),
          trans.__('Compare snapshots'),
          () => void commands.execute(COMPARE)
        );
        return;
      }
      const notebook = notebooks.current;
      if (notebook) {
        await compareNow(options, notebook, typeof since === 'string' ? since : null);
      }
    }
  });
  notebooks.currentChanged.connect(() => {
    commands.notifyCommandChanged(COMPARE);
  });
}

/** Opens a tab for a notebook as it is now, beside an earlier state; asks for that when it is null. */
async function compareNow(
  options: ICompareOptions,
  notebook: INotebook,
  since: string | null
): Promise<void> {
  const { client, open, trans } = options;
  const chosen = since ?? (await ask(options, notebook));
  if (chosen !== null) {
    open(
      async () => {
        await notebook.save();
        return client.since(notebook.path, chosen);
      },
      trans.__('Changes in %1', notebook.name),
      () => void compareNow(options, notebook, null)
    );
  }
}

/** Which earlier state; null when the user thought better of it. */
async function ask(
  { client, trans }: ICompareOptions,
  notebook: INotebook
): Promise<string | null> {
  const known = (await client.recent(notebook.path, MOST_OFFERED)).snapshots;
  const offered: (readonly [string, string])[] = SINCE.map(since => [since, wordOf(since, trans)]);
  for (const snapshot of known) {
    const words = `${timeAgo(snapshot.created_at)}: ${titleOf(snapshot, trans)}`;
    const twins = offered.filter(([, label]) => label.startsWith(words)).length;
    offered.push([snapshot.id, twins > 0 ? `${words} (${twins + 1})` : words]);
  }
  const answer = await InputDialog.getItem({
    title: trans.__('Compare the notebook as it is now with …'),
    items: offered.map(([, label]) => label),
    okLabel: trans.__('Compare')
  });
  const found = offered.find(([, label]) => label === answer.value);
  return answer.button.accept && found ? found[0] : null;
}

function labelOf(since: unknown, trans: TranslationBundle): string {
  switch (since) {
    case 'run':
      return trans.__('Compare with Last Run');
    case 'clean':
      return trans.__('Compare with Last Clean State');
    case 'commit':
      return trans.__('Compare with Last Commit');
    case 'yesterday':
      return trans.__('Compare with Yesterday');
    default:
      return trans.__('Compare with Another Snapshot …');
  }
}

function wordOf(since: (typeof SINCE)[number], trans: TranslationBundle): string {
  switch (since) {
    case 'run':
      return trans.__('Last run');
    case 'clean':
      return trans.__('Last clean state: no cell had failed');
    case 'commit':
      return trans.__('Last commit');
    case 'yesterday':
      return trans.__('Yesterday');
  }
}
