/** What going back would do, before it does: variables, document, environment, and what to choose of it. */

import type { LabIcon } from '@jupyterlab/ui-components';
import type React from 'react';

import type { PreviewedVariable } from '../api/types';
import { Button, StateIcon, TextWithCode } from '../ui/components';
import { byteSize } from '../ui/format';
import { badIcon, emptyIcon, goodIcon, staleIcon, unknownIcon } from '../ui/icons';
import { Consent } from './consent_view';
import type { IPart } from './part';
import { startsIn } from './rerun';
import type { IPlan } from './travel';
import { VariableName } from './variable_name';
import { actionText, changeText } from './words';

const ICONS: Readonly<Record<PreviewedVariable['action'], LabIcon>> = {
  keep: emptyIcon,
  load: goodIcon,
  consent: unknownIcon,
  recompute: staleIcon,
  leave: badIcon
};

interface IPlanPart extends IPart {
  readonly plan: IPlan;
}

/** In place of the body of the row. */
export function PlanView(props: IPlanPart): React.JSX.Element {
  const { model, trans, plan } = props;
  const { preview } = plan;
  const isNothing = !plan.withVariables && !plan.withDocument;
  return (
    <div
      className="mlnb-Plan"
      role="group"
      aria-label={trans.__('What going back would do')}
      tabIndex={-1}
      ref={node => {
        if (node && !node.dataset['seen']) {
          node.dataset['seen'] = 'true';
          node.focus();
        }
      }}
      onKeyDown={event => {
        if (event.key === 'Escape') {
          headOf(event.currentTarget)?.focus();
          model.travel.cancel();
        }
      }}
    >
      {preview.needs_consent && <Consent {...props} />}
      <VariableChoice {...props} />
      <DocumentChoice {...props} />
      <Environment {...props} />
      <RerunChoice {...props} />
      <p className="mlnb-Actions">
        <Button
          isPrimary
          label={trans.__('Go back')}
          isDisabled={!model.canTravel || isNothing}
          onClick={() => void model.turns.take(() => model.travel.go())}
        />
        <Button
          label={trans.__('Cancel')}
          onClick={() => {
            headOf(document.activeElement)?.focus();
            model.travel.cancel();
          }}
        />
      </p>
    </div>
  );
}

/** Where the keyboard goes when the plan goes. */
function headOf(node: Element | null): HTMLElement | null {
  return node?.closest('.mlnb-Entry')?.querySelector<HTMLElement>('.mlnb-Row-head') ?? null;
}

function VariableChoice({ model, trans, plan }: IPlanPart): React.JSX.Element | null {
  const { preview, entry } = plan;
  if (!entry.has_kernel) {
    return <p>{trans.__('It holds the document alone; variables stay as they are.')}</p>;
  }
  if (!preview.has_kernel) {
    return (
      <p>
        {trans.__(
          'Without a running kernel only the document comes back. Start the kernel for the variables.'
        )}
      </p>
    );
  }
  const missing = preview.variables.filter(({ action }) => action === 'recompute');
  return (
    <>
      <Check
        label={trans.__('Variables (%1 to load)', byteSize(preview.load_bytes))}
        isOn={plan.withVariables}
        isDisabled={preview.needs_consent}
        onChange={withVariables => {
          model.travel.choose({ withVariables });
        }}
      />
      <VariableList model={model} trans={trans} plan={plan} />
      {missing.length > 0 && (
        <Check
          label={trans._n(
            'Run cells again for %1 variable that was not saved',
            'Run cells again for %1 variables that were not saved',
            missing.length
          )}
          isOn={plan.recompute}
          isDisabled={!plan.withVariables}
          onChange={recompute => {
            model.travel.choose({ recompute });
          }}
        />
      )}
      {preview.removed.length > 0 && plan.names === null && plan.withVariables && (
        <p>{trans.__('Go away, because there were none then: %1.', preview.removed.join(', '))}</p>
      )}
      {preview.process.length > 0 && plan.names === null && plan.withVariables && (
        <p>{trans.__('Also set back: %1.', preview.process.join(', '))}</p>
      )}
    </>
  );
}

function VariableList({
  model,
  trans,
  plan
}: Pick<IPlanPart, 'model' | 'trans' | 'plan'>): React.JSX.Element {
  const { variables } = plan.preview;
  const all = variables.map(({ name }) => name);
  const toggle = (name: string, isOn: boolean): void => {
    const names = new Set(plan.names ?? all);
    if (isOn) {
      names.add(name);
    } else {
      names.delete(name);
    }
    model.travel.choose({ names: names.size === all.length ? null : names });
  };
  return (
    <ul className="mlnb-List mlnb-Variables" aria-label={trans.__('What becomes of the variables')}>
      {variables.map(variable => (
        <li key={variable.name}>
          <input
            type="checkbox"
            aria-label={trans.__('Bring back %1', variable.name)}
            checked={
              plan.withVariables &&
              variable.action !== 'leave' &&
              (plan.names?.has(variable.name) ?? true)
            }
            disabled={!plan.withVariables || variable.action === 'leave'}
            onChange={event => {
              toggle(variable.name, event.target.checked);
            }}
          />
          <StateIcon icon={ICONS[variable.action]} label={actionText(variable, trans)} />
          <span className="mlnb-Row-text">
            <span className="mlnb-Row-line">
              <VariableName name={variable.name} type={variable.type} />
              <span className="mlnb-Row-aside">{byteSize(variable.size_bytes)}</span>
            </span>
            <span className="mlnb-Row-wrapped">
              <TextWithCode text={why(variable, model.notebook?.cells() ?? [], trans)} />
            </span>
          </span>
        </li>
      ))}
    </ul>
  );
}

function DocumentChoice({ model, trans, plan }: IPlanPart): React.JSX.Element {
  const { changes, document } = plan;
  if (!document || !changes) {
    return <p>{trans.__('The document was not kept with it, so it stays as it is.')}</p>;
  }
  if (changes.length === 0) {
    return <p>{trans.__('The document is the same.')}</p>;
  }
  return (
    <>
      <Check
        label={trans._n(
          'Document and outputs: %1 cell differs',
          'Document and outputs: %1 cells differ',
          changes.length
        )}
        isOn={plan.withDocument}
        isDisabled={model.notebook?.document.isReadOnly ?? true}
        onChange={withDocument => {
          model.travel.choose({ withDocument });
        }}
      />
      <ul className="mlnb-List mlnb-Variables" aria-label={trans.__('Cells that differ')}>
        {changes.map(({ kind, number, title }) => (
          <li key={`${kind} ${number}`}>
            <span className="mlnb-Row-text">
              <span className="mlnb-Row-title">
                <code>{title || ' '}</code>
              </span>
            </span>
            <span className="mlnb-Row-aside">
              {trans.__('cell %1 %2', number, changeText(kind, trans))}
            </span>
          </li>
        ))}
      </ul>
    </>
  );
}

function Environment({ trans, plan }: IPlanPart): React.JSX.Element | null {
  const { is_same: isSame, python_then: then, python_now: now } = plan.preview.environment;
  if (isSame !== false) {
    return null;
  }
  return (
    <p className="mlnb-Note">
      <StateIcon icon={staleIcon} label={trans.__('Another environment')} />
      <span>
        {then !== now && then && now
          ? trans.__('Python was %1 and is %2 now.', then, now)
          : trans.__('Other packages or versions are installed now.')}{' '}
        {trans.__('Values come back; code may do other things with them.')}
      </span>
    </p>
  );
}

/** Not the values as they were, but the cells from one on, run again in the state before it. */
function RerunChoice({ model, trans, plan }: IPlanPart): React.JSX.Element | null {
  const starts = plan.document ? startsIn(plan.document) : [];
  if (starts.length === 0 || !plan.withVariables || !plan.withDocument) {
    return null;
  }
  return (
    <label className="mlnb-PlanField">
      {trans.__('Recompute')}{' '}
      <select
        className="mlnb-Select"
        aria-label={trans.__('From which cell on to run again')}
        value={plan.from ?? ''}
        onChange={event => {
          model.travel.choose({ from: event.target.value || null });
        }}
      >
        <option value="">{trans.__('nothing: values as they were')}</option>
        {starts.map(({ id, number, title }) => (
          <option key={id} value={id}>
            {trans.__('from cell %1 on: %2', number, title)}
          </option>
        ))}
      </select>
    </label>
  );
}

function Check(props: {
  readonly label: string;
  readonly isOn: boolean;
  readonly isDisabled: boolean;
  readonly onChange: (isOn: boolean) => void;
}): React.JSX.Element {
  return (
    <label className="mlnb-PlanField">
      <input
        type="checkbox"
        checked={props.isOn}
        disabled={props.isDisabled}
        onChange={event => {
          props.onChange(event.target.checked);
        }}
      />
      {props.label}
    </label>
  );
}

function why(
  variable: PreviewedVariable,
  cells: readonly { readonly id: string }[],
  trans: IPart['trans']
): string {
  const numbers = variable.cell_ids
    .map(id => cells.findIndex(cell => cell.id === id) + 1)
    .filter(number => number > 0);
  const text = variable.reason || actionText(variable, trans);
  return variable.action === 'recompute' && numbers.length > 0
    ? trans.__('By running cells %1 again', numbers.join(', '))
    : text;
}
