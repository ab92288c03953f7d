/** The commands of the order area. */

import type { TranslationBundle } from '@jupyterlab/translation';
import type { CommandRegistry } from '@lumino/commands';

import { announce } from '../ui/announce';
import { checkIcon, planIcon } from '../ui/icons';
import type { KeptTag } from './client';
import { modeFrom, MODES } from './client';
import type { OrderModel } from './model';
import { remark, RemarkAnswers } from './questions';
import { modeText } from './words';

/** Their ids. */
export const OrderCommands = {
  check: 'mlnb:order-check',
  makeClean: 'mlnb:order-make-clean',
  makeCellClean: 'mlnb:order-make-cell-clean',
  explain: 'mlnb:order-explain',
  vouch: 'mlnb:order-vouch',
  skip: 'mlnb:order-skip',
  freeze: 'mlnb:order-freeze',
  setMode: 'mlnb:order-set-mode'
} as const;

/** What the commands work with. */
export interface IOrderCommandOptions {
  readonly commands: CommandRegistry;
  readonly model: OrderModel;
  readonly trans: TranslationBundle;
  /** Brings the section to the front. */
  readonly show: () => void;
}

const NO_ARGUMENTS = { args: { type: 'object' as const, properties: {} } };

/** Adds the commands. */
export function addOrderCommands(options: IOrderCommandOptions): void {
  addNotebookCommands(options);
  addCellCommands(options);
  addTagCommand(options, 'skip');
  addTagCommand(options, 'frozen');
  addModeCommand(options);
  const { commands, model } = options;
  model.stateChanged.connect(() => {
    for (const command of Object.values(OrderCommands)) {
      commands.notifyCommandChanged(command);
    }
  });
}

function addNotebookCommands({ commands, model, trans, show }: IOrderCommandOptions): void {
  commands.addCommand(OrderCommands.check, {
    label: trans.__('Check Order'),
    caption: trans.__(
      'Save the notebook and check, without running it, whether it runs from top to bottom'
    ),
    icon: checkIcon,
    describedBy: NO_ARGUMENTS,
    isEnabled: () => model.notebook !== null,
    execute: () => {
      show();
      return model.check();
    }
  });
  commands.addCommand(OrderCommands.makeClean, {
    label: trans.__('Make Clean'),
    caption: trans.__('Run, in order, the fewest cells that make the notebook equal a clean run'),
    icon: planIcon,
    describedBy: NO_ARGUMENTS,
    isEnabled: () => model.listed.length > 0 && model.busyWith === null,
    execute: async () => {
      await model.runPlan();
      if (model.plan?.restart) {
        show();
      }
    }
  });
}

function addCellCommands({ commands, model, trans }: IOrderCommandOptions): void {
  const active = (): ReturnType<OrderModel['cell']> =>
    model.cell(model.notebook?.activeCell ?? null);
  commands.addCommand(OrderCommands.makeCellClean, {
    label: trans.__('Make This Cell Fresh'),
    caption: trans.__('Run what the active cell needs, in order, and then the cell'),
    describedBy: NO_ARGUMENTS,
    isEnabled: () => {
      const order = active()?.order;
      return order !== undefined && order.state !== 'fresh' && !order.kept;
    },
    execute: () => {
      const cell = active()?.cell;
      return cell && model.runFor(cell.id);
    }
  });
  commands.addCommand(OrderCommands.explain, {
    label: trans.__('Explain State of Cell'),
    caption: trans.__('Say at the active cell why it is stale, edited, not run, or cannot be told'),
    describedBy: NO_ARGUMENTS,
    isEnabled: () => model.notebook !== null,
    execute: async () => {
      const { notebook } = model;
      if (!notebook || notebook.focusQuestion()) {
        return; // a question that waits comes first
      }
      const found = active();
      if (!found) {
        announce(trans.__('Nothing is known of this cell.'));
        return;
      }
      const { cell, order } = found;
      const answer = await notebook.ask(remark(cell, order, trans));
      if (answer === RemarkAnswers.vouch) {
        await model.vouch(cell.id);
      } else if (answer === RemarkAnswers.clean) {
        await model.runFor(cell.id);
      }
    }
  });
  commands.addCommand(OrderCommands.vouch, {
    label: trans.__('Vouch for Cell'),
    caption: trans.__(
      'Take the active cell, of which mlnb cannot tell, for fresh until it runs again or an input changes'
    ),
    describedBy: NO_ARGUMENTS,
    isEnabled: () => active()?.order.state === 'unknown',
    execute: () => {
      const cell = active()?.cell;
      return cell && model.vouch(cell.id);
    }
  });
}

function addTagCommand({ commands, model, trans }: IOrderCommandOptions, tag: KeptTag): void {
  const isOn = (): boolean => {
    const { notebook } = model;
    const cell = notebook?.cells().find(({ id }) => id === notebook.activeCell);
    return cell?.tags?.includes(tag) === true;
  };
  commands.addCommand(tag === 'skip' ? OrderCommands.skip : OrderCommands.freeze, {
    label: tag === 'skip' ? trans.__('Skip Cell') : trans.__('Freeze Cell'),
    caption:
      tag === 'skip'
        ? trans.__('Tag the active cell so that it does not run, here and in jobs')
        : trans.__('Tag the active cell so that its saved result is used, here and in jobs'),
    describedBy: NO_ARGUMENTS,
    isEnabled: () => typeof model.notebook?.activeCell === 'string',
    isToggleable: true,
    isToggled: isOn,
    execute: () => {
      const cellId = model.notebook?.activeCell;
      if (cellId) {
        model.keep(cellId, tag, !isOn());
      }
    }
  });
}

function addModeCommand({ commands, model, trans }: IOrderCommandOptions): void {
  commands.addCommand(OrderCommands.setMode, {
    label: args => {
      const mode = modeFrom(args['mode']);
      if (mode) {
        return trans.__('Order: %1', modeText(mode, trans));
      }
      return trans.__('Order: As in My Settings');
    },
    caption: args =>
      modeFrom(args['mode'])
        ? trans.__('Choose for this notebook what mlnb does about order')
        : trans.__('Forget what was chosen for this notebook about order'),
    describedBy: {
      args: {
        type: 'object',
        properties: {
          mode: {
            type: 'string',
            enum: [...MODES],
            description: trans.__('The mode; without it, as in the settings')
          }
        }
      }
    },
    isEnabled: args => {
      const mode = modeFrom(args['mode']);
      return model.notebook !== null && (mode === null || model.allows(mode));
    },
    isToggleable: true,
    isToggled: args => model.notebook !== null && model.chosen === modeFrom(args['mode']),
    execute: args => model.choose(modeFrom(args['mode']))
  });
}
