/** What a check of the saved notebook found, on the screen. */

import type { TranslationBundle } from '@jupyterlab/translation';
import type React from 'react';

import type { Finding } from '../api/types';
import { StateIcon, TextWithCode } from '../ui/components';
import { sentence } from '../ui/format';
import { badIcon, goodIcon, staleIcon } from '../ui/icons';
import type { OrderModel } from './model';

/** The last check's findings, if there was one since the notebook changed. */
export function Findings({ model, trans }: IPart): React.JSX.Element | null {
  const { report } = model;
  if (!report) {
    return null;
  }
  if (report.findings.length === 0) {
    return (
      <p className="mlnb-Summary" role="status">
        <StateIcon icon={goodIcon} label={trans.__('Clean')} />
        {trans.__('The saved notebook runs from top to bottom as it stands: no findings.')}
      </p>
    );
  }
  return (
    <>
      <h4 className="mlnb-Subtitle">{trans.__('Found in the saved notebook')}</h4>
      <ul className="mlnb-List" aria-label={trans.__('Findings in the saved notebook')}>
        {report.findings.map((finding, index) => (
          <FindingRow
            key={index}
            finding={finding}
            trans={trans}
            onReveal={() => finding.cell_id !== null && model.notebook?.reveal(finding.cell_id)}
          />
        ))}
      </ul>
    </>
  );
}

function FindingRow(props: {
  readonly finding: Finding;
  readonly trans: TranslationBundle;
  readonly onReveal: () => void;
}): React.JSX.Element {
  const { finding, trans } = props;
  const icon = finding.severity === 'error' ? badIcon : staleIcon;
  return (
    <li className="mlnb-Row">
      <button type="button" className="mlnb-Row-head" onClick={props.onReveal}>
        <StateIcon icon={icon} label={finding.severity} />
        <span className="mlnb-Row-text">
          <span className="mlnb-Row-wrapped">
            <TextWithCode text={sentence(finding.message)} />
          </span>
          <span className="mlnb-Row-detail">{finding.code}</span>
        </span>
        {finding.index !== null && (
          <span className="mlnb-Row-aside">{trans.__('cell %1', finding.index + 1)}</span>
        )}
      </button>
    </li>
  );
}

interface IPart {
  readonly model: OrderModel;
  readonly trans: TranslationBundle;
}
