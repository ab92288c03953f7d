/** The cells that the Order section lists. */

import type { TranslationBundle } from '@jupyterlab/translation';
import type React from 'react';

import { Button, StateIcon, TextWithCode } from '../ui/components';
import type { ICellGroup, IListedCell } from './cell_groups';
import type { OrderModel } from './model';
import { stateIcon } from './state_icons';
import { keptText, reasonText, stateText } from './words';

/** What every part of the section is given. */
export interface IPart {
  readonly model: OrderModel;
  readonly trans: TranslationBundle;
}

/** The cells, each with those that are stale because of it. */
export function CellList(
  props: IPart & { readonly groups: readonly ICellGroup[]; readonly label: string }
): React.JSX.Element {
  const { model, trans, groups, label } = props;
  return (
    <ul className="mlnb-List" aria-label={label}>
      {groups.map(({ cell, followers }) => (
        <CellRow key={cell.id} cell={cell} model={model} trans={trans}>
          {followers.length > 0 && (
            <>
              <p className="mlnb-Followers">
                {trans._n(
                  '%1 cell is stale because of it',
                  '%1 cells are stale because of it',
                  followers.length
                )}
              </p>
              <ul
                className="mlnb-List mlnb-mod-nested"
                aria-label={trans.__('Stale because of cell %1', cell.number)}
              >
                {followers.map(follower => (
                  <CellRow
                    key={follower.id}
                    cell={follower}
                    model={model}
                    trans={trans}
                    isFollower
                  />
                ))}
              </ul>
            </>
          )}
        </CellRow>
      ))}
    </ul>
  );
}

/** One cell; of a follower the reason stands above it, and its own is in the tooltip. */
function CellRow(
  props: IPart & {
    readonly cell: IListedCell;
    readonly isFollower?: boolean;
    readonly children?: React.ReactNode;
  }
): React.JSX.Element {
  const { cell, model, trans, isFollower } = props;
  const reason = reasonText(cell.order, trans);
  const { state, kept } = cell.order;
  const label = kept ? keptText(kept, trans) : stateText(state, trans);
  return (
    <li className="mlnb-Row">
      <button
        type="button"
        className="mlnb-Row-head"
        title={isFollower ? reason.replaceAll('`', '') : undefined}
        onClick={() => model.notebook?.reveal(cell.id)}
      >
        <StateIcon icon={stateIcon(cell.order)} label={label} />
        <span className="mlnb-Row-text">
          <span className="mlnb-Row-title">
            <code>{cell.title}</code>
          </span>
          {!isFollower && (
            <span className="mlnb-Row-detail mlnb-mod-wrapped">
              <TextWithCode text={reason} />
            </span>
          )}
        </span>
        <span className="mlnb-Row-aside">{trans.__('cell %1', cell.number)}</span>
      </button>
      <RowAction cell={cell} model={model} trans={trans} />
      {props.children}
    </li>
  );
}

/** The one thing that can be done about a cell from its row. */
function RowAction(props: IPart & { readonly cell: IListedCell }): React.JSX.Element | null {
  const { cell, model, trans } = props;
  const { state, kept } = cell.order;
  if (kept) {
    return (
      <Button
        label={trans.__('Take tag off')}
        title={trans.__('Remove the tag %1 from cell %2', kept, cell.number)}
        onClick={() => {
          model.keep(cell.id, kept, false);
        }}
      />
    );
  }
  if (state === 'unknown') {
    return (
      <Button
        label={trans.__('Vouch')}
        title={trans.__(
          'Take cell %1 for fresh on your word, until it runs again or an input changes',
          cell.number
        )}
        isDisabled={model.busyWith !== null}
        onClick={() => void model.vouch(cell.id)}
      />
    );
  }
  return null;
}
