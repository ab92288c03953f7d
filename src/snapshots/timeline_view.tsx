/** The states of a notebook by day, with their branches. */

import type React from 'react';
import { useState } from 'react';

import { Button, StateIcon } from '../ui/components';
import { byteSize, dateTime } from '../ui/format';
import { badIcon, starIcon, submitIcon } from '../ui/icons';
import { EntryBody } from './entry_view';
import type { IHistoryRow } from './lanes';
import { daysFromRows, MOST_LANES, rowsFromEntries } from './lanes';
import type { IPart } from './part';
import { dayText, entryCode, entryTitle, timeOfDay } from './words';

const LANE_PX = 10;

/** The list, newest first. */
export function Timeline(props: IPart): React.JSX.Element {
  const { model, trans } = props;
  if (model.entries.length === 0) {
    return <p className="mlnb-Summary">{noneText(props)}</p>;
  }
  const rows = rowsFromEntries(model.entries, model.which === 'all' ? model.here : null);
  const hasBranches = model.which === 'all';
  const most = Math.max(...rows.map(row => Math.max(row.lane, ...row.above, ...row.below)));
  const lanes = hasBranches ? Math.min(most + 1, MOST_LANES) : 1;
  return (
    <>
      <ul className="mlnb-List mlnb-Timeline" aria-label={trans.__('Snapshots, newest first')}>
        {daysFromRows(rows).flatMap(({ day, rows: ofDay }) => [
          <li key={day} className="mlnb-Day">
            {dayText(ofDay[0]?.entry.created_at ?? day, trans)}
          </li>,
          ...ofDay.map(row => (
            <EntryRow
              key={row.entry.id}
              {...props}
              row={row}
              lanes={lanes}
              hasBranches={hasBranches}
            />
          ))
        ])}
      </ul>
      {model.hasMore && (
        <p className="mlnb-Summary mlnb-TimelineMore">
          {trans.__('%1 of %2 are shown.', model.entries.length, model.total)}
          <Button
            label={trans.__('Show more')}
            onClick={() => {
              model.more();
            }}
          />
        </p>
      )}
    </>
  );
}

interface IRowPart extends IPart {
  readonly row: IHistoryRow;
  readonly lanes: number;
  readonly hasBranches: boolean;
}

function EntryRow(props: IRowPart): React.JSX.Element {
  const { model, trans, row, lanes, hasBranches } = props;
  const { entry } = row;
  const [isOpen, setOpen] = useState(false);
  const isHere = entry.id === model.here;
  const isConsidered = model.travel.plan?.entry.id === entry.id;
  const isShown = isOpen || isConsidered;
  const cells = model.notebook?.cells() ?? [];
  const code = entryCode(entry, cells);
  const toggle = (): void => {
    if (isConsidered) {
      model.travel.cancel();
    } else if (!isOpen && !model.details(entry.id)) {
      void model.look(entry.id);
    }
    setOpen(!isShown);
  };
  return (
    <li
      className={`mlnb-Row mlnb-Entry mlnb-mod-${entry.kind}${isShown ? ' mlnb-mod-open' : ''}`}
      style={{ paddingLeft: 6 + lanes * LANE_PX }}
      aria-current={isHere ? 'step' : undefined}
    >
      <Branches row={row} isHere={isHere} hasBranches={hasBranches} />
      <button
        type="button"
        className="mlnb-Row-head"
        aria-expanded={isShown}
        title={dateTime(entry.created_at)}
        onClick={toggle}
      >
        <EntryIcon {...props} />
        <span className="mlnb-Row-text">
          <span className="mlnb-Row-line">
            <span className="mlnb-Row-title" title={entry.name || undefined}>
              {entryTitle(entry, cells, trans)} {code && <code>{code}</code>}
            </span>
            <span className="mlnb-Row-aside">{timeOfDay(entry.created_at)}</span>
          </span>
          <span className="mlnb-Row-detail">
            {isHere && <span className="mlnb-Here">{hereText(props)}</span>} {detail(props)}
          </span>
        </span>
      </button>
      {isShown && (
        <div className="mlnb-Row-body">
          <EntryBody
            {...props}
            entry={entry}
            onLeave={() => {
              setOpen(false);
            }}
          />
        </div>
      )}
    </li>
  );
}

function noneText({ model, trans }: IPart): string {
  switch (model.which) {
    case 'named':
      return trans.__(
        'No state has a name yet. Open one and choose “Name …”: it then stays for ever.'
      );
    case 'jobs':
      return trans.__('No job or run of this notebook has left a state yet.');
    case 'all':
      return trans.__('There is no state yet.');
  }
}

function EntryIcon({ row, trans }: IRowPart): React.JSX.Element | null {
  const { kind, succeeded } = row.entry;
  if (kind === 'named') {
    return <StateIcon icon={starIcon} label={trans.__('Named')} />;
  }
  if (kind === 'job') {
    return <StateIcon icon={submitIcon} label={trans.__('Of a job or run')} />;
  }
  return kind === 'auto' && succeeded === false ? (
    <StateIcon icon={badIcon} label={trans.__('Failed')} />
  ) : null;
}

function detail({ row, trans }: IRowPart): string {
  const { entry } = row;
  if (!entry.has_kernel) {
    return trans.__('document only');
  }
  const facts = [trans._n('%1 variable', '%1 variables', entry.variables)];
  if (entry.lost > 0) {
    facts.push(trans.__('%1 not saved', entry.lost));
  }
  facts.push(byteSize(entry.size_bytes));
  if (!entry.is_trusted) {
    facts.push(trans.__('from elsewhere'));
  }
  return facts.join(' · ');
}

function hereText({ model, trans }: IRowPart): string {
  const runs = model.where?.runs ?? 0;
  return runs > 0 ? trans._n('here + %1 run', 'here + %1 runs', runs) : trans.__('you are here');
}

/** The lines of the lanes, and the dot. The list itself says in words what follows what. */
function Branches(props: {
  readonly row: IHistoryRow;
  readonly isHere: boolean;
  readonly hasBranches: boolean;
}): React.JSX.Element {
  const { row, isHere, hasBranches } = props;
  const place = (lane: number): number =>
    hasBranches ? 6 + Math.min(lane, MOST_LANES - 1) * LANE_PX : 6;
  const passing = row.above.filter(lane => row.below.includes(lane) && lane !== row.lane);
  return (
    <span className="mlnb-Lanes" aria-hidden="true">
      {hasBranches && (
        <>
          {passing.map(lane => (
            <span key={`p${lane}`} className="mlnb-Lane" style={{ left: place(lane) }} />
          ))}
          {row.above.includes(row.lane) && (
            <span className="mlnb-Lane mlnb-mod-above" style={{ left: place(row.lane) }} />
          )}
          {row.below.includes(row.lane) && (
            <span className="mlnb-Lane mlnb-mod-below" style={{ left: place(row.lane) }} />
          )}
          {row.joins.map(lane => (
            <span
              key={`j${lane}`}
              className="mlnb-Lane mlnb-mod-join"
              style={{ left: place(row.lane), width: place(lane) - place(row.lane) }}
            />
          ))}
        </>
      )}
      <span
        className={`mlnb-Dot${isHere ? ' mlnb-mod-here' : ''}`}
        style={{ left: place(row.lane) }}
      />
    </span>
  );
}
