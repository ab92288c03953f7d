/** A snapshot from elsewhere: its document first; its variables once the user says that its maker is trusted. */

import type React from 'react';

import { Button, StateIcon } from '../ui/components';
import { dateTime } from '../ui/format';
import { unknownIcon } from '../ui/icons';
import type { IPart } from './part';
import type { IPlan } from './travel';

/** The strip above what going back would do. */
export function Consent({
  model,
  trans,
  plan
}: IPart & { readonly plan: IPlan }): React.JSX.Element {
  const { preview, entry } = plan;
  const owner = model.details(entry.id)?.owner ?? '';
  return (
    <div className="mlnb-Message mlnb-Consent" role="group" aria-label={trans.__('From elsewhere')}>
      <StateIcon icon={unknownIcon} label={trans.__('Not known')} />
      <div>
        <p>
          <strong>{trans.__('This state was not made here.')}</strong>{' '}
          {preview.origin
            ? trans.__('It came from %1.', preview.origin)
            : trans.__('Where it came from is not known.')}{' '}
          {trans.__(
            'It says that %1 took it on %2. It is signed with a key that is neither yours nor of anybody you trust.',
            owner || trans.__('somebody'),
            dateTime(preview.created_at)
          )}
        </p>
        <p>
          {trans.__(
            'Its document can be looked at without risk. Loading its variables may run code that its maker chose.'
          )}
        </p>
        <p className="mlnb-Actions">
          <Button
            label={trans.__('Trust it and load variables')}
            title={trans.__('You know who made it. This is said once, for exactly this state.')}
            isDisabled={!model.canTravel || !preview.has_kernel}
            onClick={() => void model.turns.take(() => model.travel.go(true))}
          />
        </p>
      </div>
    </div>
  );
}
