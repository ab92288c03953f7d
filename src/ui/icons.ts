/** Our own icons. Their shapes carry the meaning, their colours come from the theme by class (see style/icons.css). */

import { LabIcon } from '@jupyterlab/ui-components';

const stroke = 'fill="none" stroke-width="1.6" stroke-linecap="round" stroke-linejoin="round"';

function icon(name: string, body: string): LabIcon {
  return new LabIcon({
    name: `mlnb:${name}`,
    svgstr: `<svg xmlns="http://www.w3.org/2000/svg" width="16" viewBox="0 0 16 16">${body}</svg>`
  });
}

/** The mark of mlnb: a notebook whose cells are in order, ticked. */
export const mlnbIcon = new LabIcon({
  name: 'mlnb:mlnb',
  svgstr:
    '<svg xmlns="http://www.w3.org/2000/svg" width="20" viewBox="0 0 22 22">' +
    '<g class="jp-icon3" fill="#616161">' +
    '<path d="M4.5 2h11A1.5 1.5 0 0 1 17 3.5V10h-1.6V3.6H4.6v14.8H10V20H4.5A1.5 1.5 0 0 1 3 18.5v-15A1.5 1.5 0 0 1 4.5 2z"/>' +
    '<path d="M6.5 6h7v1.6h-7zM6.5 9.6h7v1.6h-7zM6.5 13.2H10v1.6H6.5z"/>' +
    '<path d="M18.9 12.1l1.2 1.1-5.6 6.6-3.3-3 1.1-1.2 2.1 1.9z"/>' +
    '</g></svg>'
});

/** A tick: fresh, succeeded, saved. */
export const goodIcon = icon(
  'good',
  `<path class="mlnb-icon-good" ${stroke} d="M3 8.5l3.2 3.2L13 4.8"/>`
);

/** A clock hand going round: stale. */
export const staleIcon = icon(
  'stale',
  `<path class="mlnb-icon-warn" ${stroke} d="M13 8a5 5 0 1 1-1.6-3.7M13 2v3h-3"/>`
);

/** A pencil: edited. */
export const editedIcon = icon(
  'edited',
  `<path class="mlnb-icon-info" ${stroke} d="M3 13l.7-3L10.5 3.2l2.3 2.3L6 12.3z"/>`
);

/** An empty circle: never run, queued, unknown. */
export const emptyIcon = icon(
  'empty',
  `<circle class="mlnb-icon-muted" ${stroke} cx="8" cy="8" r="4.6"/>`
);

/** A cross: failed. */
export const badIcon = icon(
  'bad',
  `<path class="mlnb-icon-bad" ${stroke} d="M4 4l8 8M12 4l-8 8"/>`
);

/** A bar through a circle: cancelled, off. */
export const cancelledIcon = icon(
  'cancelled',
  `<g class="mlnb-icon-muted" ${stroke}><circle cx="8" cy="8" r="5"/><path d="M4.5 11.5l7-7"/></g>`
);

/** A play triangle: running. */
export const runningIcon = icon(
  'running',
  `<path class="mlnb-icon-brand" ${stroke} d="M5 3.5l7 4.5-7 4.5z"/>`
);

/** A question mark: unknown, lost. */
export const unknownIcon = icon(
  'unknown',
  `<path class="mlnb-icon-warn" ${stroke} d="M5.6 6a2.4 2.4 0 1 1 3.6 2c-.8.5-1.2.9-1.2 1.9M8 12.6v.1"/>`
);

/** The same, quietly: mlnb cannot tell. */
export const cannotTellIcon = icon(
  'cannot-tell',
  `<path class="mlnb-icon-muted" ${stroke} d="M5.6 6a2.4 2.4 0 1 1 3.6 2c-.8.5-1.2.9-1.2 1.9M8 12.6v.1"/>`
);

/** A camera: take a snapshot. */
export const cameraIcon = icon(
  'camera',
  '<g class="jp-icon3" fill="#616161"><path d="M5.6 2.5h4.8l1 1.7H14v9H2v-9h2.6zM3.3 5.5v6.4h9.4V5.5h-2.1l-1-1.7H6.4l-1 1.7z"/>' +
    '<path d="M8 6a2.6 2.6 0 1 1 0 5.2A2.6 2.6 0 0 1 8 6zm0 1.3a1.3 1.3 0 1 0 0 2.6 1.3 1.3 0 0 0 0-2.6z"/></g>'
);

/** A list with a tick: check the order. */
export const checkIcon = icon(
  'check',
  `<path class="mlnb-icon-line" ${stroke} stroke="#616161" d="M2.5 4h7M2.5 8h4M2.5 12h3M8 11l2.2 2.2L14 8.5"/>`
);

/** A list with a play triangle: run what is not fresh, in order. */
export const planIcon = icon(
  'plan',
  `<path class="mlnb-icon-line" ${stroke} stroke="#616161" d="M2.5 4h8M2.5 8h4M2.5 12h3M9 7.2l4.8 3.1L9 13.4z"/>`
);

/** A paper plane: submit as a job. */
export const submitIcon = icon(
  'submit',
  `<path class="mlnb-icon-line" ${stroke} stroke="#616161" d="M2.5 7.5l11-5-4 11-2.2-4.8zM7.3 8.7l6.2-6.2"/>`
);

/** Three cells and the lines between them: what depends on what. */
export const graphIcon = icon(
  'graph',
  `<path class="mlnb-icon-line" ${stroke} stroke="#616161" d="M2.5 3h5M2.5 8h5M2.5 13h5M9.8 3.2c3.4.6 3.6 4 .2 4.6M9.8 3.2c6 .8 6 8.8.2 9.6"/>`
);

/** A pause sign in a circle: kept from running by a tag. */
export const keptIcon = icon(
  'kept',
  `<g class="mlnb-icon-muted" ${stroke}><circle cx="8" cy="8" r="5.2"/><path d="M6.4 6v4M9.6 6v4"/></g>`
);

/** A star: somebody gave it a name. */
export const starIcon = icon(
  'star',
  `<path class="mlnb-icon-warn" ${stroke} d="M8 2.4l1.7 3.6 3.9.5-2.9 2.7.8 3.9L8 11.2l-3.5 1.9.8-3.9L2.4 6.5l3.9-.5z"/>`
);
