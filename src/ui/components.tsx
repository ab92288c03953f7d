/** The few shapes that all sections are made of. */

import type { TranslationBundle } from '@jupyterlab/translation';
import type { LabIcon } from '@jupyterlab/ui-components';
import type React from 'react';
import { useId, useState } from 'react';

import type { ApiError } from '../api/client';
import { sentence } from './format';
import { badIcon } from './icons';
import type { LoadState } from './section_model';

/** A button with words on it. One that is disabled under the keyboard keeps it until the keyboard goes on. */
export function Button(props: {
  readonly label: string;
  readonly onClick: () => void;
  readonly title?: string;
  readonly isPrimary?: boolean;
  readonly isDisabled?: boolean;
}): React.JSX.Element {
  const { isDisabled = false } = props;
  const [hasFocus, setFocus] = useState(false);
  return (
    <button
      type="button"
      className={`mlnb-Button${props.isPrimary ? ' mlnb-mod-primary' : ''}`}
      title={props.title}
      disabled={isDisabled && !hasFocus}
      aria-disabled={isDisabled}
      onClick={isDisabled ? undefined : props.onClick}
      onFocus={() => {
        setFocus(true);
      }}
      onBlur={() => {
        setFocus(false);
      }}
    >
      {props.label}
    </button>
  );
}

/** An icon with its meaning in words for those who do not see it. */
export function StateIcon(props: {
  readonly icon: LabIcon;
  readonly label: string;
}): React.JSX.Element {
  return (
    <span className="mlnb-StateIcon" role="img" aria-label={props.label} title={props.label}>
      <props.icon.react tag="span" width="14px" height="14px" />
    </span>
  );
}

/** What went wrong, the way out, and a button to try again. */
export function ErrorMessage(props: {
  readonly error: ApiError;
  readonly trans: TranslationBundle;
  readonly onRetry?: () => void;
  readonly onDismiss?: () => void;
}): React.JSX.Element {
  const { error, trans, onRetry, onDismiss } = props;
  return (
    <div className="mlnb-Message mlnb-mod-error" role="alert">
      <badIcon.react tag="span" className="mlnb-StateIcon" width="14px" height="14px" />
      <div>
        <p>
          <TextWithCode text={sentence(error.message)} />
        </p>
        {error.hint && <p className="mlnb-Secondary">{error.hint}</p>}
        <p className="mlnb-Actions">
          {onRetry && <Button label={trans.__('Try again')} onClick={onRetry} />}
          {onDismiss && <Button label={trans.__('Dismiss')} onClick={onDismiss} />}
        </p>
      </div>
    </div>
  );
}

/** What a section is for, while it has nothing to show, and the button for the first step. */
export function EmptyState(props: {
  readonly text: string;
  readonly action?: {
    readonly label: string;
    readonly onClick: () => void;
    readonly isDisabled?: boolean;
  };
}): React.JSX.Element {
  return (
    <div className="mlnb-Empty">
      <p>{props.text}</p>
      {props.action && (
        <Button
          isPrimary
          label={props.action.label}
          onClick={props.action.onClick}
          isDisabled={props.action.isDisabled ?? false}
        />
      )}
    </div>
  );
}

/** A section's content: loading, failed, or `children`, with the message of a failed action above them. */
export function SectionBody(props: {
  readonly model: {
    readonly loadState: LoadState;
    readonly error: ApiError | null;
    refresh(): Promise<void>;
    dismissError(): void;
  };
  readonly trans: TranslationBundle;
  readonly children: React.ReactNode;
}): React.JSX.Element {
  const { model, trans } = props;
  const retry = (): void => void model.refresh();
  if (model.loadState === 'failed' && model.error) {
    return <ErrorMessage error={model.error} trans={trans} onRetry={retry} />;
  }
  if (model.loadState !== 'ready') {
    return (
      <p className="mlnb-Loading" role="status">
        {trans.__('Loading …')}
      </p>
    );
  }
  return (
    <>
      {model.error && (
        <ErrorMessage
          error={model.error}
          trans={trans}
          onDismiss={() => {
            model.dismissError();
          }}
        />
      )}
      {props.children}
    </>
  );
}

/** A row of a list that opens to show more. */
export function Row(props: {
  readonly icon?: React.ReactNode;
  readonly title: string;
  readonly detail?: React.ReactNode;
  readonly aside?: React.ReactNode;
  /** Called when the row is opened or closed, to fetch what is inside. */
  readonly onToggle?: (isOpen: boolean) => void;
  readonly children?: React.ReactNode;
}): React.JSX.Element {
  const [isOpen, setOpen] = useState(false);
  const id = useId();
  const toggle = (): void => {
    props.onToggle?.(!isOpen);
    setOpen(!isOpen);
  };
  return (
    <li className="mlnb-Row">
      <button
        type="button"
        className="mlnb-Row-head"
        aria-expanded={isOpen}
        aria-controls={isOpen ? id : undefined}
        onClick={toggle}
      >
        <span className="mlnb-Row-caret" aria-hidden="true" />
        {props.icon}
        <span className="mlnb-Row-text">
          <span className="mlnb-Row-title">{props.title}</span>
          {props.detail && <span className="mlnb-Row-detail">{props.detail}</span>}
        </span>
        {props.aside && <span className="mlnb-Row-aside">{props.aside}</span>}
      </button>
      {isOpen && (
        <div className="mlnb-Row-body" id={id}>
          {props.children}
        </div>
      )}
    </li>
  );
}

/** Names and values, one pair a line. */
export function Facts(props: {
  readonly facts: readonly (readonly [name: string, value: React.ReactNode])[];
}): React.JSX.Element {
  return (
    <dl className="mlnb-Facts">
      {props.facts.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

/** The beginning of a long id or digest; the whole is in the tooltip. */
export function ShortId(props: { readonly id: string }): React.JSX.Element {
  const { id } = props;
  return <code title={id}>{/^[0-9a-f]{24,}$/.test(id) ? `${id.slice(0, 12)}…` : id}</code>;
}

/** A text in which what stands between backticks is code. */
export function TextWithCode(props: { readonly text: string }): React.JSX.Element {
  return (
    <>
      {props.text
        .split('`')
        .map((part, index) => (index % 2 === 1 ? <code key={index}>{part}</code> : part))}
    </>
  );
}
