/** The questions and remarks at cells, in words. */

import type { TranslationBundle } from '@jupyterlab/translation';

import type { IAnswer, ICell, IQuestion } from '../tokens';
import { sentence } from '../ui/format';
import type { IAdvice, ICellOrder, OrderMode } from './client';
import type { IOrderQuestions } from './guard';
import { Answers } from './guard';
import { keptBy } from './follower';
import { cellsText, keptText, numbersOf, reasonText, stateText } from './words';

/** The answers that a remark about a cell offers. */
export const RemarkAnswers = { clean: 'clean', vouch: 'vouch' } as const;

/** The questions of the guard, translated. */
export function orderQuestions(trans: TranslationBundle): IOrderQuestions {
  return {
    advice: (advice, mode, cells, cellIds) => adviceQuestion(advice, mode, cells, cellIds, trans),
    kept: cell => keptQuestion(cell, trans),
    slow: (cellIds, cells) => slowQuestion(cellIds, cells, trans)
  };
}

/** What is known of a cell, for the user who asked. */
export function remark(cell: ICell, order: ICellOrder, trans: TranslationBundle): IQuestion {
  const answers: IAnswer[] = [];
  if (order.state === 'unknown' && !order.kept) {
    answers.push({
      id: RemarkAnswers.vouch,
      label: trans.__('Vouch for it'),
      caption: trans.__('Take it for fresh on your word, until it runs again or an input changes')
    });
  } else if (order.state !== 'fresh' && !order.kept) {
    answers.push({
      id: RemarkAnswers.clean,
      label: trans.__('Make this cell fresh'),
      caption: trans.__('Run what it needs, in order, and then the cell')
    });
  }
  const state = stateText(order.state, trans);
  const reason = reasonText(order, trans);
  return {
    cellId: cell.id,
    kind: 'note',
    title: ended(order.kept ? keptText(order.kept, trans) : state),
    text: order.kept || reason === state ? '' : ended(reason),
    answers
  };
}

function adviceQuestion(
  advice: IAdvice,
  mode: OrderMode,
  cells: readonly ICell[],
  cellIds: readonly string[],
  trans: TranslationBundle
): IQuestion {
  const { decision, plan, stale_inputs: inputs } = advice;
  const first = cellsText(numbersOf(plan, cells), trans);
  const planned: IAnswer = {
    id: Answers.first,
    label:
      plan.length === 1
        ? trans.__('Run %1 first', first)
        : trans.__('Run %1 cells first', plan.length),
    caption: trans._n(
      'Runs %2, and then what you asked for',
      'Runs %2, and then what you asked for',
      plan.length,
      first
    )
  };
  const anyway: IAnswer = {
    id: Answers.run,
    label: decision === 'confirm' ? trans.__('Run') : trans.__('Run anyway'),
    caption: trans.__('Runs what you asked for and nothing else')
  };
  // where no run of cells helps, the kernel holds what only a restart takes away
  const answers = [plan.length > 0 ? planned : restartAnswer(trans)];
  const must = plan.length > 0 ? sentence(trans.__('%1 must run first.', first)) : '';
  const cellId = cellIds[0] ?? '';
  const count = inputs.length;
  if (decision === 'refuse') {
    return {
      cellId,
      kind: 'refuse',
      title:
        mode === 'linear'
          ? trans.__('Not run: this notebook runs from top to bottom.')
          : count > 0
            ? trans._n('Not run: an input is stale.', 'Not run: inputs are stale.', count)
            : trans.__('Not run.'),
      text: must || ended(sentence(advice.message)),
      answers
    };
  }
  const [title = '', ...rest] = advice.message.split(': ');
  return {
    cellId,
    kind: 'warn',
    title: title
      ? ended(sentence(title))
      : trans._n('%1 input is stale.', '%1 inputs are stale.', count),
    text: title ? ended(sentence(rest.join(': '))) : must,
    answers: [...answers, anyway]
  };
}

/** Offers to begin again. */
export function restartAnswer(trans: TranslationBundle): IAnswer {
  return {
    id: Answers.restart,
    label: trans.__('Restart and run all …'),
    caption: trans.__('Restarts the kernel, after a question, and runs all cells')
  };
}

/** `text` with a full stop at its end, if it says anything. */
function ended(text: string): string {
  return text === '' || text.endsWith('.') ? text : `${text}.`;
}

function keptQuestion(cell: ICell, trans: TranslationBundle): IQuestion {
  const tag = keptBy(cell) ?? 'skip';
  return {
    cellId: cell.id,
    kind: 'note',
    title: trans.__('Not run.'),
    text:
      tag === 'skip'
        ? trans.__('The cell has the tag `skip`: it does not run, here or in jobs.')
        : trans.__('The cell has the tag `frozen`: its saved result is used, here and in jobs.'),
    answers: [
      {
        id: Answers.untag,
        label: trans.__('Take the tag off and run'),
        caption: trans.__('Removes the tag %1 from the cell and runs it', tag)
      }
    ]
  };
}

function slowQuestion(
  cellIds: readonly string[],
  cells: readonly ICell[],
  trans: TranslationBundle
): IQuestion {
  const named = cellsText(numbersOf(cellIds, cells), trans);
  return {
    cellId: cellIds[0] ?? '',
    kind: 'warn',
    title: trans._n(
      '%1 slow cell depends on what ran.',
      '%1 slow cells depend on what ran.',
      cellIds.length
    ),
    text: trans.__('More than 30 s the last time: %1.', named),
    answers: [
      {
        id: Answers.run,
        label: trans._n('Run it', 'Run them', cellIds.length),
        caption: trans.__('Runs %1', named)
      }
    ]
  };
}
