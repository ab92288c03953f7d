/** How the cells of two documents differ: source, outputs, pictures. */

import type { TranslationBundle } from '@jupyterlab/translation';
import type React from 'react';
import { useId, useState } from 'react';

import type { CellChange, Picture } from '../../api/types';
import { countsOf } from './lines';
import { LineTable } from './line_table';
import type { Layout } from './model';
import { Fold, KindMark, Paged } from './parts';

interface IPart {
  readonly layout: Layout;
  readonly trans: TranslationBundle;
}

const AT_ONCE = 20;
const LONG = 60; // a cell with more lines than this is folded at first

/** All cells that differ, in the order of the later document. */
export function CellChanges(
  props: IPart & { readonly cells: readonly CellChange[] }
): React.JSX.Element {
  return (
    <Paged items={props.cells} size={AT_ONCE} trans={props.trans}>
      {shown => shown.map((cell, n) => <CellPart key={n} {...props} cell={cell} />)}
    </Paged>
  );
}

function CellPart(props: IPart & { readonly cell: CellChange }): React.JSX.Element {
  const { cell, layout, trans } = props;
  const outputs = withoutPictures(cell.outputs);
  const [removed, added] = [cell.source, outputs]
    .map(countsOf)
    .reduce(([r, a], [r2, a2]) => [r + r2, a + a2], [0, 0]);
  const [isOpen, setOpen] = useState(removed + added <= LONG);
  const id = useId();
  const title = titleOf(cell, trans);
  const hasPictures = cell.pictures_before.length + cell.pictures_after.length > 0;
  return (
    <article className="mlnb-Diff-cell" aria-label={title}>
      <h3>
        <Fold
          id={id}
          isOpen={isOpen}
          onToggle={() => {
            setOpen(!isOpen);
          }}
        >
          {title} <KindMark kind={cell.kind} trans={trans} />
          {cell.is_moved && cell.kind !== 'moved' && <KindMark kind="moved" trans={trans} />}
          {added + removed > 0 && (
            <span className="mlnb-Diff-count">
              {[added > 0 ? `+${added}` : '', removed > 0 ? `−${removed}` : ''].join(' ').trim()}
            </span>
          )}
        </Fold>
      </h3>
      {isOpen && (
        <div id={id} className="mlnb-Diff-body">
          {cell.source && (
            <LineTable
              diff={cell.source}
              label={trans.__('Source of %1', title)}
              hasNumbers
              layout={layout}
              trans={trans}
            />
          )}
          {(outputs || hasPictures) && <h4>{trans.__('Outputs')}</h4>}
          {outputs && (
            <LineTable
              diff={outputs}
              label={trans.__('Outputs of %1', title)}
              hasNumbers={false}
              layout={layout}
              trans={trans}
            />
          )}
          {hasPictures && <Pictures cell={cell} title={title} trans={trans} />}
        </div>
      )}
    </article>
  );
}

/** "Cell 3", "Cell 3 → 5", "Markdown cell 2": positions from 1. */
function titleOf(cell: CellChange, trans: TranslationBundle): string {
  const [before, after] = [cell.index_before, cell.index_after];
  const where =
    before !== null && after !== null && before !== after
      ? `${before + 1} → ${after + 1}`
      : String((after ?? before ?? 0) + 1);
  switch (cell.cell_type) {
    case 'markdown':
      return trans.__('Markdown cell %1', where);
    case 'raw':
      return trans.__('Raw cell %1', where);
    default:
      return trans.__('Cell %1', where);
  }
}

/** Outputs without the lines that name the form of what is shown. */
function withoutPictures(outputs: string): string {
  const lines = outputs.split('\n').filter(line => !/^[ +-]\[(?:image\/|text\/plain\])/.test(line));
  return lines.some(line => /^[+-]/.test(line)) || lines.some(line => line.startsWith('('))
    ? lines.join('\n')
    : '';
}

function Pictures(props: {
  readonly cell: CellChange;
  readonly title: string;
  readonly trans: TranslationBundle;
}): React.JSX.Element {
  const { cell, title, trans } = props;
  const { pictures_before: before, pictures_after: after } = cell;
  const pairs = Array.from({ length: Math.max(before.length, after.length) }, (_, n) => n);
  const changed = pairs.filter(n => before[n]?.digest !== after[n]?.digest);
  const same = pairs.length - changed.length;
  return (
    <>
      {changed.map(n => (
        <div key={n} className="mlnb-Diff-pictures">
          <PictureSide
            picture={before[n]}
            label={trans.__('Before')}
            alt={trans.__('Picture %1 of %2 before', n + 1, title)}
            trans={trans}
          />
          <PictureSide
            picture={after[n]}
            label={trans.__('After')}
            alt={trans.__('Picture %1 of %2 after', n + 1, title)}
            trans={trans}
          />
        </div>
      ))}
      {same > 0 && (
        <p className="mlnb-Secondary">
          {trans._n('%1 picture is the same.', '%1 pictures are the same.', same)}
        </p>
      )}
    </>
  );
}

function PictureSide(props: {
  readonly picture: Picture | undefined;
  readonly label: string;
  readonly alt: string;
  readonly trans: TranslationBundle;
}): React.JSX.Element {
  const { picture, label, alt, trans } = props;
  return (
    <figure>
      <figcaption>{label}</figcaption>
      {picture === undefined ? (
        <p className="mlnb-Secondary">{trans.__('no picture')}</p>
      ) : picture.data ? (
        <img src={`data:${picture.kind};base64,${picture.data}`} alt={alt} />
      ) : (
        <p className="mlnb-Secondary">
          {trans.__('a picture too large to be shown here (%1)', picture.kind)}
        </p>
      )}
    </figure>
  );
}
