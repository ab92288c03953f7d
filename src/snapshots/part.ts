/** What every part of the History section is given. */

import type { TranslationBundle } from '@jupyterlab/translation';

import type { SnapshotsModel } from './model';

export interface IPart {
  readonly model: SnapshotsModel;
  readonly trans: TranslationBundle;
  readonly onTake: () => void;
  /** Opens a comparison of two snapshots. */
  readonly onCompare: (a: string, b: string) => void;
  /** Opens a file. */
  readonly onOpen: (path: string) => void;
  /** Hands a file of the server to the browser. */
  readonly onDownload: (path: string) => void;
  /** Asks for a file that was exported, and takes its snapshot over. */
  readonly onImport: () => void;
}
