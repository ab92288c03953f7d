/** Unified diffs as the server writes them, taken apart into lines and words. Knows no screen. */

/** A part of a line; `isMarked`: it is what differs in it. */
export interface IPiece {
  readonly text: string;
  readonly isMarked: boolean;
}

/** A line of one side. */
export interface ILine {
  readonly number: number;
  readonly pieces: readonly IPiece[];
}

/** What stands beside each other: a line of each side, of one side alone, or words of the server's own. */
export type Row =
  | {
      readonly kind: 'same' | 'changed';
      readonly before: ILine | null;
      readonly after: ILine | null;
    }
  | { readonly kind: 'gap' }
  | { readonly kind: 'note'; readonly text: string };

const MOST_TOKENS = 40_000; // pairs of words that are compared; longer lines are marked whole
const ALIKE = 0.4; // lines that share less are two lines, not one that was changed

/** The rows of a unified diff without a head: `@@` lines begin a hunk, what begins with no sign is a note. */
export function rowsOf(diff: string): readonly Row[] {
  const rows: Row[] = [];
  let [before, after] = [1, 1];
  let removed: string[] = [];
  let added: string[] = [];
  const settle = (): void => {
    const length = Math.max(removed.length, added.length);
    for (let n = 0; n < length; n++) {
      const [one, two] = marked(removed[n], added[n]);
      rows.push({
        kind: 'changed',
        before: one && { number: before + n, pieces: one },
        after: two && { number: after + n, pieces: two }
      });
    }
    before += removed.length;
    after += added.length;
    removed = [];
    added = [];
  };
  for (const line of diff === '' ? [] : diff.split('\n')) {
    const [sign, text] = [line.charAt(0), line.slice(1)];
    if (sign === '-') {
      if (added.length > 0) {
        settle();
      }
      removed.push(text);
      continue;
    }
    if (sign === '+') {
      added.push(text);
      continue;
    }
    settle();
    const hunk = /^@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@/.exec(line);
    if (hunk) {
      if (rows.length > 0) {
        rows.push({ kind: 'gap' });
      }
      before = Math.max(1, Number(hunk[1]));
      after = Math.max(1, Number(hunk[3]));
    } else if (sign === ' ') {
      const pieces = [{ text, isMarked: false }];
      rows.push({
        kind: 'same',
        before: { number: before++, pieces },
        after: { number: after++, pieces }
      });
    } else {
      rows.push({ kind: 'note', text: line });
    }
  }
  settle();
  return rows;
}

/** How many lines a unified diff adds and removes. */
export function countsOf(diff: string): readonly [removed: number, added: number] {
  const lines = diff.split('\n');
  return [
    lines.filter(line => line.startsWith('-')).length,
    lines.filter(line => line.startsWith('+')).length
  ];
}

type Pieces = readonly IPiece[];

/** Both lines with the words marked that only one of them has; nothing is marked in lines that share little. */
function marked(
  before: string | undefined,
  after: string | undefined
): readonly [Pieces | null, Pieces | null] {
  if (before === undefined || after === undefined) {
    return [plain(before), plain(after)];
  }
  const [one, two] = [words(before), words(after)];
  if (one.length * two.length > MOST_TOKENS) {
    return [plain(before), plain(after)];
  }
  const [inOne, inTwo] = common(one, two);
  const share = (tokens: readonly string[], kept: readonly boolean[]): number =>
    tokens.reduce((sum, token, n) => sum + (kept[n] ? token.trim().length : 0), 0);
  const longest = Math.max(before.replace(/\s/g, '').length, after.replace(/\s/g, '').length, 1);
  if (share(one, inOne) / longest < ALIKE) {
    return byEnds(before, after);
  }
  return [pieces(one, inOne), pieces(two, inTwo)];
}

/** Lines of which the words differ, but not the characters at both ends: the middle is marked. */
function byEnds(before: string, after: string): readonly [Pieces, Pieces] {
  const most = Math.min(before.length, after.length);
  let head = 0;
  while (head < most && before[head] === after[head]) {
    head++;
  }
  let tail = 0;
  while (tail < most - head && before.at(-1 - tail) === after.at(-1 - tail)) {
    tail++;
  }
  const isAlike = head + tail >= ALIKE * Math.max(before.length, after.length);
  const [one, two] = [before, after].map(text =>
    [
      { text: text.slice(0, head), isMarked: false },
      { text: text.slice(head, text.length - tail), isMarked: true },
      { text: text.slice(text.length - tail), isMarked: false }
    ].filter(piece => piece.text !== '')
  );
  return isAlike && one && two ? [one, two] : [whole(before), whole(after)];
}

function whole(text: string): Pieces {
  return [{ text, isMarked: false }];
}

function plain(text: string | undefined): Pieces | null {
  return text === undefined ? null : whole(text);
}

function words(text: string): readonly string[] {
  return text.match(/[\p{L}\p{N}_]+|\s+|[^\p{L}\p{N}_\s]/gu) ?? [];
}

/** For each token of both lines, whether it belongs to the longest sequence that both have. */
function common(
  one: readonly string[],
  two: readonly string[]
): readonly [readonly boolean[], readonly boolean[]] {
  const width = two.length + 1;
  const lengths = new Uint16Array((one.length + 1) * width);
  const at = (i: number, j: number): number => lengths[i * width + j] ?? 0;
  for (let i = one.length - 1; i >= 0; i--) {
    for (let j = two.length - 1; j >= 0; j--) {
      lengths[i * width + j] =
        one[i] === two[j] ? at(i + 1, j + 1) + 1 : Math.max(at(i + 1, j), at(i, j + 1));
    }
  }
  const inOne = one.map(() => false);
  const inTwo = two.map(() => false);
  for (let i = 0, j = 0; i < one.length && j < two.length;) {
    if (one[i] === two[j]) {
      inOne[i++] = true;
      inTwo[j++] = true;
    } else if (at(i + 1, j) >= at(i, j + 1)) {
      i++;
    } else {
      j++;
    }
  }
  return [inOne, inTwo];
}

function pieces(tokens: readonly string[], kept: readonly boolean[]): Pieces {
  const found: { text: string; isMarked: boolean }[] = [];
  tokens.forEach((text, n) => {
    const isMarked = !kept[n];
    const last = found[found.length - 1];
    if (last?.isMarked === isMarked) {
      last.text += text;
    } else {
      found.push({ text, isMarked });
    }
  });
  return found;
}
