/** The Features section on the screen. */

import type { TranslationBundle } from '@jupyterlab/translation';
import type React from 'react';

import { ApiError } from '../api/client';
import type { FeatureView, FeatureViewDetail } from '../api/types';
import { EmptyState, ErrorMessage, Facts, Row, SectionBody } from '../ui/components';
import { dateTime, figure, timeAgo } from '../ui/format';
import type { FeaturesModel } from './model';

interface IPart {
  readonly model: FeaturesModel;
  readonly trans: TranslationBundle;
  readonly onAdd: () => void;
}

/** Everything below the section's header. */
export function FeaturesView(props: IPart): React.JSX.Element {
  const { model, trans } = props;
  if (model.views.length === 0 && model.search === '') {
    return (
      <SectionBody model={model} trans={trans}>
        <EmptyState
          text={trans.__(
            'Features are columns that models learn from, defined once by a function marked @mlnb.feature_view and shared by all notebooks.'
          )}
          action={{
            label: trans.__('Add a feature file'),
            onClick: props.onAdd,
            isDisabled: model.busyWith !== null
          }}
        />
      </SectionBody>
    );
  }
  return (
    <SectionBody model={model} trans={trans}>
      <div className="mlnb-Bar">
        <input
          className="mlnb-Input"
          type="search"
          aria-label={trans.__('Search features')}
          placeholder={trans.__('Search features')}
          value={model.search}
          onChange={event => {
            model.searchFor(event.target.value);
          }}
        />
      </div>
      {model.views.length === 0 && (
        <p className="mlnb-Summary" role="status">
          {trans.__('Nothing matches “%1”.', model.search)}
        </p>
      )}
      <ul className="mlnb-List" aria-label={trans.__('Feature views')}>
        {model.views.map(view => (
          <ViewRow key={view.name} {...props} view={view} />
        ))}
      </ul>
    </SectionBody>
  );
}

function ViewRow(props: IPart & { readonly view: FeatureView }): React.JSX.Element {
  const { model, trans, view } = props;
  const details = [
    trans._n('%1 feature', '%1 features', view.fields.length),
    trans.__('by %1', view.entity.name),
    view.owner
  ];
  return (
    <Row
      title={view.name}
      detail={details.filter(Boolean).join(' · ')}
      aside={view.freshness ? timeAgo(view.freshness.at) : trans.__('no data')}
      onToggle={isOpen => {
        if (isOpen) {
          void model.open(view.name);
        }
      }}
    >
      {view.description && <p className="mlnb-Note">{view.description}</p>}
      <Facts facts={facts(view, trans)} />
      <ul className="mlnb-Fields" aria-label={trans.__('Features of %1', view.name)}>
        {view.fields.map(field => (
          <li key={field.name}>
            <code>{field.name}</code> <span className="mlnb-Secondary">{field.type}</span>
          </li>
        ))}
      </ul>
      <Preview name={view.name} detail={model.detail(view.name)} trans={trans} />
    </Row>
  );
}

function Preview(props: {
  readonly name: string;
  readonly detail: FeatureViewDetail | ApiError | null;
  readonly trans: TranslationBundle;
}): React.JSX.Element {
  const { name, detail, trans } = props;
  if (detail === null) {
    return (
      <p className="mlnb-Secondary" role="status">
        {trans.__('Fetching a preview …')}
      </p>
    );
  }
  if (detail instanceof ApiError) {
    return <ErrorMessage error={detail} trans={trans} />;
  }
  const { preview } = detail;
  if (!preview || preview.rows.length === 0) {
    return <p className="mlnb-Secondary">{trans.__('No rows to show.')}</p>;
  }
  const label = trans.__('Preview of %1', name);
  return (
    <div className="mlnb-TableFrame" role="group" tabIndex={0} aria-label={label}>
      <table className="mlnb-Table">
        <caption>
          {preview.of === 'materialized' ? trans.__('Stored values') : trans.__('Sample')}
        </caption>
        <thead>
          <tr>
            {preview.columns.map(column => (
              <th key={column} scope="col">
                {column}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {preview.rows.map((row, index) => (
            <tr key={index}>
              {row.map((value, column) => (
                <td key={column} className={typeof value === 'number' ? 'mlnb-mod-number' : ''}>
                  {shown(value)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

const TIME = /^\d{4}-\d\d-\d\dT[\d:.]+(Z|[+-]\d\d:\d\d)$/;

function shown(value: string | number | boolean | null): string {
  if (typeof value === 'number') {
    return figure(value);
  }
  if (typeof value === 'string' && TIME.test(value)) {
    return value
      .replace('T', ' ')
      .replace(/(:\d\d)\.0*(?=Z|[+-])/, '$1')
      .replace(/ 00:00:00(Z|\+00:00)$/, '');
  }
  return String(value ?? '–');
}

function facts(view: FeatureView, trans: TranslationBundle): [string, React.ReactNode][] {
  const listed: [string, React.ReactNode][] = [
    [trans.__('Version'), view.version],
    [trans.__('Owner'), view.owner || '–'],
    [trans.__('Source'), view.source]
  ];
  if (view.freshness) {
    listed.push([trans.__('Freshness'), freshnessText(view.freshness, trans)]);
  }
  return listed;
}

function freshnessText(
  { at, basis, of }: NonNullable<FeatureView['freshness']>,
  trans: TranslationBundle
): string {
  if (of === 'materialized') {
    return trans.__('stored values up to %1', dateTime(at));
  }
  return basis === 'event_time'
    ? trans.__('source up to %1', dateTime(at))
    : trans.__('source file of %1', dateTime(at));
}
