/** How the variables of two states differ: type, shape, summary, and the first places where they do. */

import type { TranslationBundle } from '@jupyterlab/translation';
import type React from 'react';

import type { Change, Place } from '../../api/types';
import { byteSize } from '../../ui/format';
import { shortType } from '../words';
import { KindMark, Paged } from './parts';

const AT_ONCE = 50;

interface IPart {
  readonly trans: TranslationBundle;
}

/** All variables that differ, by name. */
export function VariableChanges(
  props: IPart & { readonly changes: readonly Change[] }
): React.JSX.Element {
  return (
    <Paged items={props.changes} size={AT_ONCE} trans={props.trans}>
      {shown => (
        <ul className="mlnb-List mlnb-Diff-variables">
          {shown.map(change => (
            <VariablePart key={change.name} change={change} trans={props.trans} />
          ))}
        </ul>
      )}
    </Paged>
  );
}

function VariablePart({ change, trans }: IPart & { readonly change: Change }): React.JSX.Element {
  const { details } = change;
  const only = wholeOf(change);
  const facts = [
    arrow(
      change.type_before && shortType(change.type_before),
      change.type_after && shortType(change.type_after)
    ),
    arrow(details?.shape_before, details?.shape_after),
    arrow(
      change.size_before_bytes === null ? null : byteSize(change.size_before_bytes),
      change.size_after_bytes === null ? null : byteSize(change.size_after_bytes)
    )
  ].filter(fact => fact !== '');
  return (
    <li className="mlnb-Diff-variable">
      <div className="mlnb-Diff-line">
        <code className="mlnb-Diff-name">{change.name}</code>{' '}
        <KindMark kind={change.kind} trans={trans} />{' '}
        <span className="mlnb-Secondary">{facts.join(' · ')}</span>
      </div>
      {only && (
        <p className="mlnb-Diff-summary">
          <Value text={only.before} kind="removed" trans={trans} />
          {' → '}
          <Value text={only.after} kind="added" trans={trans} />
        </p>
      )}
      {details && <Summaries change={change} trans={trans} />}
      {details && !only && details.places.length > 0 && <Places change={change} trans={trans} />}
    </li>
  );
}

/** The value in one line: once where both look alike, or where there is only one. */
function Summaries({
  change,
  trans
}: IPart & { readonly change: Change }): React.JSX.Element | null {
  const before = change.details?.summary_before ?? '';
  const after = change.details?.summary_after ?? '';
  if (wholeOf(change) || (!before && !after)) {
    return null;
  }
  if (before === after || !before || !after) {
    return (
      <p className="mlnb-Diff-summary">
        <code>{after || before}</code>
      </p>
    );
  }
  return (
    <dl className="mlnb-Facts mlnb-Diff-summary">
      <div>
        <dt>{trans.__('Before')}</dt>
        <dd>
          <code>{before}</code>
        </dd>
      </div>
      <div>
        <dt>{trans.__('After')}</dt>
        <dd>
          <code>{after}</code>
        </dd>
      </div>
    </dl>
  );
}

/** The one place of a value that differs as a whole; null for others. */
function wholeOf(change: Change): Place | null {
  const [place, ...others] = change.details?.places ?? [];
  return place?.where === 'the value' && others.length === 0 ? place : null;
}

function Places({ change, trans }: IPart & { readonly change: Change }): React.JSX.Element {
  const places = change.details?.places ?? [];
  const total = change.details?.total ?? null;
  const more = total === null ? null : total - places.length;
  return (
    <>
      <table
        className="mlnb-Table mlnb-Diff-places"
        aria-label={trans.__('Where %1 differs', change.name)}
      >
        <thead>
          <tr>
            <th scope="col">{trans.__('Where')}</th>
            <th scope="col">{trans.__('Before')}</th>
            <th scope="col">{trans.__('After')}</th>
          </tr>
        </thead>
        <tbody>
          {places.map((place, n) => (
            <tr key={n}>
              <th scope="row">
                <code>{place.where}</code>
              </th>
              <td>
                <Value text={place.before} kind="removed" trans={trans} />
              </td>
              <td>
                <Value text={place.after} kind="added" trans={trans} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      {more !== null && more > 0 && (
        <p className="mlnb-Secondary">
          {trans._n('%1 more place differs.', '%1 more places differ.', more)}
        </p>
      )}
      {more === null && (
        <p className="mlnb-Secondary">
          {trans.__('There may be more; they were not counted to the end.')}
        </p>
      )}
    </>
  );
}

function Value(props: {
  readonly text: string | null;
  readonly kind: 'added' | 'removed';
  readonly trans: TranslationBundle;
}): React.JSX.Element {
  return props.text === null ? (
    <span className="mlnb-Secondary">{props.trans.__('nothing')}</span>
  ) : (
    <code className={`mlnb-Diff-value mlnb-mod-${props.kind}`}>{props.text}</code>
  );
}

/** "a → b", or the one that is there, or once what is the same. */
export function arrow(before: string | null | undefined, after: string | null | undefined): string {
  return before && after && before !== after
    ? `${before} → ${after}`
    : (after ?? '') || (before ?? '');
}
