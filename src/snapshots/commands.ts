/** The commands of the snapshots area. */

import type { TranslationBundle } from '@jupyterlab/translation';
import type { CommandRegistry } from '@lumino/commands';
import type { LabIcon } from '@jupyterlab/ui-components';

import { announce } from '../ui/announce';
import { cameraIcon } from '../ui/icons';
import type { SnapshotsModel } from './model';

/** Their ids. */
export const SnapshotsCommands = {
  take: 'mlnb:snapshots-take',
  backToClean: 'mlnb:snapshots-back-to-clean',
  undoRun: 'mlnb:snapshots-undo-run',
  redoRun: 'mlnb:snapshots-redo-run',
  undo: 'mlnb:snapshots-undo',
  redo: 'mlnb:snapshots-redo',
  history: 'mlnb:snapshots-history'
} as const;

/** What the commands work with. */
export interface ISnapshotsCommandOptions {
  readonly commands: CommandRegistry;
  readonly model: SnapshotsModel;
  readonly trans: TranslationBundle;
  /** Brings the section to the front. */
  readonly show: () => void;
}

interface ITravelCommand {
  readonly id: string;
  readonly label: string;
  readonly caption: string;
  readonly icon?: LabIcon;
  readonly isEnabled: () => boolean;
  readonly execute: () => Promise<void>;
}

const NO_ARGUMENTS = { args: { type: 'object' as const, properties: {} } };

/** Adds the commands; answers their ids. */
export function addSnapshotsCommands(options: ISnapshotsCommandOptions): readonly string[] {
  const { commands, model, trans, show } = options;
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
    isEnabled: () => model.notebook !== null && model.busyWith === null,
    execute: async args => {
      show();
      await model.take(typeof args['reason'] === 'string' ? args['reason'] : '');
    }
  });
  commands.addCommand(SnapshotsCommands.history, {
    label: trans.__('Show History'),
    caption: trans.__('Show the states of this notebook and where its kernel stands'),
    describedBy: NO_ARGUMENTS,
    execute: show
  });
  for (const { id, ...command } of travelCommands(options)) {
    commands.addCommand(id, { ...command, describedBy: NO_ARGUMENTS });
  }
  model.stateChanged.connect(() => {
    for (const command of Object.values(SnapshotsCommands)) {
      commands.notifyCommandChanged(command);
    }
  });
  return Object.values(SnapshotsCommands);
}

/** Each says to screen readers what came of it: the section may be closed. */
function travelCommands({ model, trans, show }: ISnapshotsCommandOptions): ITravelCommand[] {
  const { travel, turns } = model;
  // what nobody looks at is not known until it is asked for
  const can = (isSo: () => boolean) => (): boolean =>
    model.isActive && !turns.isTaken
      ? model.busyWith === null && model.where !== null && isSo()
      : model.notebook?.kernel.state === 'ready';
  const saying = (text: string, action: () => Promise<void>) => async (): Promise<void> => {
    if (await turns.take(action)) {
      announce(text);
    } else {
      show();
    }
  };
  return [
    {
      id: SnapshotsCommands.backToClean,
      label: trans.__('Back to the Last Clean State'),
      caption: trans.__(
        'Bring back notebook and variables as they were when no cell was stale or had failed'
      ),
      isEnabled: can(() => model.lastClean !== null),
      execute: saying(trans.__('Back at the last clean state.'), () => travel.backToClean())
    },
    {
      id: SnapshotsCommands.undoRun,
      label: trans.__('Undo Cell Run'),
      caption: trans.__('Undo the last cell run, with its variables and outputs'),
      isEnabled: can(() => travel.beforeRun !== null),
      execute: saying(trans.__('The run is undone.'), () => travel.undoRun())
    },
    {
      id: SnapshotsCommands.redoRun,
      label: trans.__('Redo Cell Run'),
      caption: trans.__('Bring back what the run had made that was undone'),
      isEnabled: can(() => travel.canRedoRun),
      execute: saying(trans.__('Done again.'), () => travel.redoRun())
    },
    {
      id: SnapshotsCommands.undo,
      label: trans.__('Undo Going Back'),
      caption: trans.__('Go back to where the kernel was before the last restore'),
      isEnabled: can(() => model.where?.can_undo === true),
      execute: saying(trans.__('Undone.'), () => travel.undo())
    },
    {
      id: SnapshotsCommands.redo,
      label: trans.__('Redo Going Back'),
      caption: trans.__('Restore again what was undone'),
      isEnabled: can(() => model.where?.can_redo === true),
      execute: saying(trans.__('Done again.'), () => travel.redo())
    }
  ];
}
