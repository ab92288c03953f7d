/** The choice of what mlnb does about order in a notebook. */

import type { TranslationBundle } from '@jupyterlab/translation';
import type React from 'react';

import type { OrderMode } from './client';
import { modeFrom, MODES } from './client';
import type { OrderModel } from './model';
import { modeName, modeText } from './words';

/** Offers the modes; those that the team's policy rules out, or the kernel's language, cannot be chosen. */
export function ModeSelect(props: {
  readonly model: OrderModel;
  readonly trans: TranslationBundle;
}): React.JSX.Element {
  const { model, trans } = props;
  const { floor } = model;
  return (
    <>
      <select
        className="mlnb-Select"
        aria-label={trans.__('What mlnb does about order in this notebook')}
        title={explanation(model, trans)}
        value={model.chosen ?? ''}
        onChange={event => void model.choose(modeFrom(event.target.value))}
      >
        <option value="">{settingsText(model, trans)}</option>
        {MODES.map(mode => (
          <option key={mode} value={mode} disabled={!model.allows(mode)}>
            {modeText(mode, trans)}
          </option>
        ))}
      </select>
      {floor && (
        <span className="mlnb-Policy" title={explanation(model, trans)}>
          {trans.__('policy: %1', modeName(floor, trans))}
        </span>
      )}
    </>
  );
}

function settingsText(model: OrderModel, trans: TranslationBundle): string {
  const known: OrderMode | null = model.chosen === null ? model.mode : model.own;
  return known
    ? trans.__('As in my settings: %1', modeName(known, trans))
    : trans.__('As in my settings');
}

function explanation(model: OrderModel, trans: TranslationBundle): string {
  const { floor } = model;
  const inForce = trans.__('In force: %1.', modeName(model.mode, trans));
  return floor
    ? `${inForce} ${trans.__("Your team's policy asks for %1 at least.", modeName(floor, trans))}`
    : inForce;
}
