/** A unified diff on the screen: one column, or both states beside each other. */

import type { TranslationBundle } from '@jupyterlab/translation';
import type React from 'react';
import { memo, useMemo } from 'react';

import type { ILine, Row } from './lines';
import { rowsOf } from './lines';
import type { Layout } from './model';

interface IPart {
  /** A unified diff as the server writes it. */
  readonly diff: string;
  /** What it is the diff of. */
  readonly label: string;
  readonly layout: Layout;
  /** Whether the numbers of the lines mean something. */
  readonly hasNumbers: boolean;
  readonly trans: TranslationBundle;
}

/** Lines with numbers and signs. */
export const LineTable = memo(function LineTable(props: IPart): React.JSX.Element {
  const { diff, layout, label, trans } = props;
  const rows = useMemo(() => rowsOf(diff), [diff]);
  const draw = layout === 'split' ? splitRow : unifiedRow;
  return (
    <table
      className={`mlnb-Lines mlnb-mod-${layout}${props.hasNumbers ? '' : ' mlnb-mod-unnumbered'}`}
      aria-label={label}
    >
      <tbody>
        {rows.map((row, n) =>
          row.kind === 'same' || row.kind === 'changed' ? (
            draw(row, n, trans)
          ) : (
            <tr key={n} className="mlnb-Lines-gap">
              <td colSpan={layout === 'split' ? 4 : 3}>
                {row.kind === 'note' ? row.text : trans.__('… lines that are the same')}
              </td>
            </tr>
          )
        )}
      </tbody>
    </table>
  );
});

type Pair = Extract<Row, { kind: 'same' | 'changed' }>;

function splitRow(row: Pair, n: number, trans: TranslationBundle): React.JSX.Element {
  const isChange = row.kind === 'changed';
  return (
    <tr key={n}>
      <Side line={row.before} sign={isChange ? 'removed' : null} trans={trans} />
      <Side line={row.after} sign={isChange ? 'added' : null} trans={trans} />
    </tr>
  );
}

function unifiedRow(row: Pair, n: number, trans: TranslationBundle): React.JSX.Element[] {
  const isSame = row.kind === 'same';
  const sides = isSame
    ? [[row.after, null] as const]
    : [[row.before, 'removed'] as const, [row.after, 'added'] as const];
  return sides
    .filter(([line]) => line !== null)
    .map(([line, sign]) => (
      <tr key={`${n}${sign ?? ''}`}>
        <td className="mlnb-Lines-number">{sign === 'added' ? '' : row.before?.number}</td>
        <td className="mlnb-Lines-number">{sign === 'removed' ? '' : row.after?.number}</td>
        <Text line={line} sign={sign} trans={trans} />
      </tr>
    ));
}

type Sign = 'added' | 'removed' | null;

function Side(props: {
  readonly line: ILine | null;
  readonly sign: Sign;
  readonly trans: TranslationBundle;
}): React.JSX.Element {
  return (
    <>
      <td className="mlnb-Lines-number">{props.line?.number}</td>
      <Text {...props} />
    </>
  );
}

function Text(props: {
  readonly line: ILine | null;
  readonly sign: Sign;
  readonly trans: TranslationBundle;
}): React.JSX.Element {
  const { line, sign, trans } = props;
  if (line === null) {
    return <td className="mlnb-Lines-text mlnb-mod-none" />;
  }
  return (
    <td className={`mlnb-Lines-text${sign ? ` mlnb-mod-${sign}` : ''}`}>
      <span className="mlnb-Lines-sign" aria-hidden="true">
        {sign === 'added' ? '+' : sign === 'removed' ? '−' : ' '}
      </span>
      {sign && (
        <span className="mlnb-Unseen">
          {sign === 'added' ? trans.__('added: ') : trans.__('removed: ')}
        </span>
      )}
      <code>
        {line.pieces.map((piece, n) =>
          piece.isMarked ? <mark key={n}>{piece.text}</mark> : <span key={n}>{piece.text}</span>
        )}
      </code>
    </td>
  );
}
