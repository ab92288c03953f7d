/** The commands of the snapshots area. */

import type { TranslationBundle } from '@jupyterlab/translation';
import type { CommandRegistry } from '@lumino/commands';

import type { INotebooks } from '../tokens';
import { cameraIcon } from '../ui/icons';
import type { SnapshotsModel } from './model';

/** Their ids. */
export const SnapshotsCommands = { take: 'mlnb:snapshots-take' } as const;

/** Adds the commands; answers their ids. */
export function addSnapshotsCommands(
  commands: CommandRegistry,
  model: SnapshotsModel,
  notebooks: INotebooks,
  trans: TranslationBundle,
  show: () => void
): readonly string[] {
  commands.addCommand(SnapshotsCommands.take, {
    label: trans.__('Take Snapshot'),
    caption: trans.__('Freeze the notebook, its outputs and the variables in its kernel'),
    icon: cameraIcon,
    describedBy: {
      args: {
        type: 'object',
        properties: {
          reason: { type: 'string', description: trans.__('Why; shown in the history') }
        }
      }
    },
    isEnabled: () => notebooks.current !== null && model.busyWith === null,
    execute: async args => {
      show();
      await model.take(typeof args['reason'] === 'string' ? args['reason'] : '');
    }
  });
  const refresh = (): void => {
    commands.notifyCommandChanged(SnapshotsCommands.take);
  };
  notebooks.currentChanged.connect(refresh);
  model.stateChanged.connect(refresh);
  return [SnapshotsCommands.take];
}
