/** What mlnb tells its screens, out of Jupyter's own event stream. */

import type { Event } from '@jupyterlab/services';
import type { IDisposable } from '@lumino/disposable';
import { DisposableDelegate } from '@lumino/disposable';

/** The schema that the server registers (mlnb/server/events.py). */
export const SCHEMA_ID = 'https://events.jupyter.org/mlnb/event/v1';

/** Something that happened: `name` is `<noun>_<past verb>`, `subject` the id of the thing, `data` a few plain values. */
export interface IMlnbEvent {
  readonly name: string;
  readonly subject: string;
  readonly data: Readonly<Record<string, unknown>>;
}

/** The events of mlnb. */
export interface IEvents {
  /** Calls `slot` for each event with one of these names until the answer is disposed. */
  on(names: readonly string[], slot: (event: IMlnbEvent) => void): IDisposable;
}

/** The events of mlnb among those of the server. */
export function eventsFromStream(manager: Event.IManager): IEvents {
  return {
    on(names, slot) {
      const listen = (_: unknown, emission: Event.Emission): void => {
        const event = eventFromEmission(emission);
        if (event && names.includes(event.name)) {
          slot(event);
        }
      };
      manager.stream.connect(listen);
      return new DisposableDelegate(() => {
        manager.stream.disconnect(listen);
      });
    }
  };
}

/** Our event in an emission of the server, or null when it is somebody else's. */
export function eventFromEmission(emission: Event.Emission): IMlnbEvent | null {
  const { name, subject, data } = emission as Partial<IMlnbEvent>;
  if (emission.schema_id !== SCHEMA_ID || typeof name !== 'string') {
    return null;
  }
  return { name, subject: subject ?? '', data: data ?? {} };
}
