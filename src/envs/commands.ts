/** The commands of the environments area. */

import type { TranslationBundle } from '@jupyterlab/translation';
import type { CommandRegistry } from '@lumino/commands';

/** Their ids. */
export const EnvsCommands = { show: 'mlnb:envs-show' } as const;

/** Adds the commands; answers their ids. */
export function addEnvsCommands(
  commands: CommandRegistry,
  trans: TranslationBundle,
  show: () => void
): readonly string[] {
  commands.addCommand(EnvsCommands.show, {
    label: trans.__('Show Environment'),
    caption: trans.__('What is installed where this notebook runs'),
    describedBy: { args: { type: 'object', properties: {} } },
    execute: show
  });
  return [EnvsCommands.show];
}
