/** The Environment section on the screen. */

import type { TranslationBundle } from '@jupyterlab/translation';
import type React from 'react';

import { Facts, SectionBody, ShortId } from '../ui/components';
import type { EnvsModel } from './model';

/** Everything below the section's header. */
export function EnvsView(props: {
  readonly model: EnvsModel;
  readonly trans: TranslationBundle;
}): React.JSX.Element {
  const { model, trans } = props;
  const { shown } = model;
  return (
    <SectionBody model={model} trans={trans}>
      {shown && (
        <>
          <div className="mlnb-Padded">
            <Facts facts={facts(shown, trans)} />
          </div>
          <div className="mlnb-Bar">
            <input
              className="mlnb-Input"
              type="search"
              aria-label={trans.__('Filter packages')}
              placeholder={trans.__('Filter %1 packages', shown.environment.distributions.length)}
              value={model.filter}
              onChange={event => {
                model.filterBy(event.target.value);
              }}
            />
          </div>
          <ul className="mlnb-Packages" tabIndex={0} aria-label={trans.__('Installed packages')}>
            {model.packages.map(({ name, version }) => (
              <li key={name}>
                <span>{name}</span> <span className="mlnb-Secondary">{version}</span>
              </li>
            ))}
          </ul>
        </>
      )}
    </SectionBody>
  );
}

function facts(
  shown: NonNullable<EnvsModel['shown']>,
  trans: TranslationBundle
): [string, React.ReactNode][] {
  const { environment, kernel, python } = shown;
  return [
    [trans.__('Of'), kernel ? trans.__('the kernel') : trans.__('the Jupyter server')],
    [
      trans.__('Python'),
      <span
        key="python"
        title={python}
      >{`${environment.implementation} ${environment.python}`}</span>
    ],
    [trans.__('Platform'), `${environment.system}, ${environment.machine}`],
    [trans.__('Env id'), <ShortId key="id" id={environment.env_id} />],
    [trans.__('Request'), <ShortId key="request" id={environment.env_request_id} />]
  ];
}
