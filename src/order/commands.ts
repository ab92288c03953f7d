/** The commands of the order area. */

import type { TranslationBundle } from '@jupyterlab/translation';
import type { CommandRegistry } from '@lumino/commands';

import { checkIcon, planIcon } from '../ui/icons';
import type { OrderModel } from './model';

/** Their ids. */
export const OrderCommands = { check: 'mlnb:order-check', run: 'mlnb:order-run' } as const;

/** Adds the commands; answers their ids. */
export function addOrderCommands(
  commands: CommandRegistry,
  model: OrderModel,
  trans: TranslationBundle,
  show: () => void
): readonly string[] {
  const describedBy = { args: { type: 'object' as const, properties: {} } };
  commands.addCommand(OrderCommands.check, {
    label: trans.__('Check Order'),
    caption: trans.__(
      'Save the notebook and check, without running it, whether it runs from top to bottom'
    ),
    icon: checkIcon,
    describedBy,
    isEnabled: () => model.notebook !== null,
    execute: () => {
      show();
      return model.check();
    }
  });
  commands.addCommand(OrderCommands.run, {
    label: trans.__('Run What Is Not Fresh'),
    caption: trans.__('Run, in order, the cells that make the notebook fresh again'),
    icon: planIcon,
    describedBy,
    isEnabled: () => model.listed.length > 0 && model.busyWith === null,
    execute: () => model.runPlan()
  });
  model.stateChanged.connect(() => {
    commands.notifyCommandChanged(OrderCommands.run);
    commands.notifyCommandChanged(OrderCommands.check);
  });
  return Object.values(OrderCommands);
}
