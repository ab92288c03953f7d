/** Tables of what differs by name: packages, parameters, git, and data that was read. */

import type { TranslationBundle } from '@jupyterlab/translation';
import type React from 'react';

import type { DataChange, DataFile, Fact } from '../../api/types';
import { byteSize } from '../../ui/format';
import { KindMark, Paged } from './parts';

const AT_ONCE = 100;

interface IPart {
  readonly trans: TranslationBundle;
  /** What the rows are, for those who hear the table. */
  readonly label: string;
}

/** Names with both values. */
export function Facts(props: IPart & { readonly facts: readonly Fact[] }): React.JSX.Element {
  const { facts, trans } = props;
  return (
    <Paged items={facts} size={AT_ONCE} trans={trans}>
      {shown => (
        <Rows {...props} name={trans.__('Name')}>
          {shown.map(fact => (
            <tr key={fact.name}>
              <th scope="row">
                <code>{fact.name}</code>
              </th>
              <td>
                <KindMark kind={fact.kind} trans={trans} />
              </td>
              <td>{fact.before ?? '–'}</td>
              <td>{fact.after ?? '–'}</td>
            </tr>
          ))}
        </Rows>
      )}
    </Paged>
  );
}

/** What was read, with the fingerprints of both states. */
export function DataChanges(
  props: IPart & { readonly data: readonly DataChange[] }
): React.JSX.Element {
  const { data, trans } = props;
  return (
    <Paged items={data} size={AT_ONCE} trans={trans}>
      {shown => (
        <Rows {...props} name={trans.__('What was read')}>
          {shown.map((change, n) => (
            <tr key={n}>
              <th scope="row">
                <code className="mlnb-Diff-path">{change.path}</code>
                <Query file={change.after ?? change.before} />
                <span className="mlnb-Secondary">
                  {originText((change.after ?? change.before)?.kind ?? 'file', trans)}
                </span>
              </th>
              <td>
                <KindMark kind={change.kind} trans={trans} />
              </td>
              <Held file={change.before} trans={trans} />
              <Held file={change.after} trans={trans} />
            </tr>
          ))}
        </Rows>
      )}
    </Paged>
  );
}

function Rows(
  props: IPart & { readonly name: string; readonly children: React.ReactNode }
): React.JSX.Element {
  const { trans } = props;
  return (
    <table className="mlnb-Table mlnb-Diff-facts" aria-label={props.label}>
      <thead>
        <tr>
          <th scope="col">{props.name}</th>
          <th scope="col">{trans.__('Change')}</th>
          <th scope="col">{trans.__('Before')}</th>
          <th scope="col">{trans.__('After')}</th>
        </tr>
      </thead>
      <tbody>{props.children}</tbody>
    </table>
  );
}

function Query({ file }: { readonly file: DataFile | null }): React.JSX.Element | null {
  return file?.query ? <code className="mlnb-Diff-query">{file.query}</code> : null;
}

function Held(props: {
  readonly file: DataFile | null;
  readonly trans: TranslationBundle;
}): React.JSX.Element {
  const { file, trans } = props;
  if (file === null) {
    return <td>–</td>;
  }
  const facts = [
    file.rows === null ? '' : trans._n('%1 row', '%1 rows', file.rows),
    file.size_bytes === null ? '' : byteSize(file.size_bytes),
    file.note
  ].filter(fact => fact !== '');
  return (
    <td>
      {facts.join(', ')}
      {(file.version || file.digest) && (
        <code className="mlnb-Diff-digest" title={file.version || file.digest}>
          {file.version || file.digest.slice(0, 12)}
        </code>
      )}
    </td>
  );
}

function originText(kind: DataFile['kind'], trans: TranslationBundle): string {
  switch (kind) {
    case 'file':
      return trans.__('file');
    case 'folder':
      return trans.__('folder, its names');
    case 'dvc':
      return trans.__('tracked by DVC');
    case 'download':
      return trans.__('downloaded, in the cache of a hub');
    case 'database':
      return trans.__('database');
    case 'query':
      return trans.__('query of a database');
    case 'remote':
      return trans.__('on another computer');
  }
}
