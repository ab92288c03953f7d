/** The dialog that submits a notebook as a job. */

import { Dialog, showDialog } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';
import { ReactWidget } from '@jupyterlab/ui-components';
import type React from 'react';

import type { ExecutorInfo, Parameter } from '../api/types';
import type { ISubmission } from './client';
import type { Typed } from './parameters';
import { readForm, typedDefault } from './parameters';

/** What the dialog is about. */
export interface ISubmitOptions {
  /** Path relative to the server's root. */
  readonly notebook: string;
  readonly parameters: readonly Parameter[];
  readonly executors: readonly ExecutorInfo[];
  readonly trans: TranslationBundle;
}

/** Asks until the answer can be submitted; null when the user gives up. */
export async function askForSubmission(options: ISubmitOptions): Promise<ISubmission | null> {
  const { trans, notebook } = options;
  let form = new SubmitForm(options, {}, []);
  for (;;) {
    const answer = await showDialog({
      title: trans.__('Submit %1 as a job', notebook),
      body: form,
      focusNodeSelector: 'input:not([type="checkbox"]), select',
      buttons: [Dialog.cancelButton(), Dialog.okButton({ label: trans.__('Submit') })]
    });
    if (!answer.button.accept) {
      return null;
    }
    const { submission, wrong } = form.read();
    if (wrong.length === 0) {
      return submission;
    }
    form = new SubmitForm(options, form.typed, wrong);
  }
}

/** The form; keeps what is typed. */
class SubmitForm extends ReactWidget {
  constructor(
    private readonly _options: ISubmitOptions,
    typed: Readonly<Record<string, Typed>>,
    private _wrong: readonly string[]
  ) {
    super();
    this.addClass('mlnb-Form');
    this.typed = { ...typed };
  }

  typed: Record<string, Typed>;

  read(): { readonly submission: ISubmission; readonly wrong: readonly string[] } {
    const { values, wrong } = readForm(this._options.parameters, this.typed);
    const executor = this._executor();
    const cpus = Number(this._text('.cpus'));
    const isDocker = executor === 'docker';
    return {
      wrong: isDocker && !(cpus >= 0) ? [...wrong, '.cpus'] : wrong,
      submission: {
        notebook: this._options.notebook,
        parameters: values,
        executor,
        ...(isDocker && this._text('.image') ? { image: this._text('.image') } : {}),
        ...(isDocker && cpus > 0 ? { cpus } : {}),
        ...(isDocker && this._text('.memory') ? { memory: this._text('.memory') } : {})
      }
    };
  }

  protected override render(): React.JSX.Element {
    const { parameters, executors, trans } = this._options;
    const executor = this._executor();
    const unavailable = executors.filter(({ available }) => !available);
    return (
      <>
        {parameters.length === 0 ? (
          <p className="mlnb-Secondary">
            {trans.__(
              'This notebook declares no parameters. Tag a cell "parameters" to declare some.'
            )}
          </p>
        ) : (
          <fieldset>
            <legend>{trans.__('Parameters')}</legend>
            {parameters.map(parameter => this._parameter(parameter))}
          </fieldset>
        )}
        <fieldset>
          <legend>{trans.__('Where')}</legend>
          <label className="mlnb-Field">
            <span>{trans.__('Executor')}</span>
            <select
              className="mlnb-Select"
              value={executor}
              onChange={event => {
                this._type('.executor', event.target.value);
              }}
            >
              {executors.map(({ name, available }) => (
                <option key={name} value={name} disabled={!available}>
                  {available ? name : trans.__('%1 (not available)', name)}
                </option>
              ))}
            </select>
          </label>
          {unavailable.map(({ name, reason }) => (
            <p key={name} className="mlnb-Secondary">
              {trans.__('%1: %2', name, reason)}
            </p>
          ))}
          {executor === 'docker' && (
            <>
              {this._limit('.image', trans.__('Image'), trans.__('as in the settings'))}
              {this._limit('.cpus', trans.__('CPUs'), trans.__('no limit, e.g. 2'))}
              {this._limit('.memory', trans.__('Memory'), trans.__('no limit, e.g. 2g'))}
            </>
          )}
        </fieldset>
      </>
    );
  }

  private _parameter(parameter: Parameter): React.JSX.Element {
    const { trans } = this._options;
    const { name, type, help } = parameter;
    const typed = this.typed[name] ?? typedDefault(parameter);
    const isWrong = this._wrong.includes(name);
    return (
      <label key={name} className="mlnb-Field">
        <span title={help}>
          <code>{name}</code> <span className="mlnb-Secondary">{type}</span>
        </span>
        {typeof typed === 'boolean' ? (
          <input
            type="checkbox"
            checked={typed}
            onChange={event => {
              this._type(name, event.target.checked);
            }}
          />
        ) : (
          <input
            className="mlnb-Input"
            type="text"
            inputMode={type === 'int' || type === 'float' ? 'decimal' : 'text'}
            value={typed}
            placeholder={trans.__('as in the notebook')}
            aria-invalid={isWrong}
            onChange={event => {
              this._type(name, event.target.value);
            }}
          />
        )}
        {isWrong && <em role="alert">{trans.__('not a value of type %1', type)}</em>}
        {!isWrong && help && <em>{help}</em>}
      </label>
    );
  }

  private _limit(key: string, label: string, placeholder: string): React.JSX.Element {
    const isWrong = this._wrong.includes(key);
    return (
      <label className="mlnb-Field">
        <span>{label}</span>
        <input
          className="mlnb-Input"
          type="text"
          value={this._text(key)}
          placeholder={placeholder}
          aria-invalid={isWrong}
          onChange={event => {
            this._type(key, event.target.value);
          }}
        />
        {isWrong && <em role="alert">{this._options.trans.__('not a number')}</em>}
      </label>
    );
  }

  private _executor(): string {
    return this._text('.executor') || 'local';
  }

  private _text(key: string): string {
    const typed = this.typed[key];
    return typeof typed === 'string' ? typed.trim() : '';
  }

  private _type(key: string, value: Typed): void {
    this.typed[key] = value;
    this._wrong = this._wrong.filter(name => name !== key);
    this.update();
  }
}
