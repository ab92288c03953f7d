/** Requests to mlnb's part of the Jupyter Server. */

import { URLExt } from '@jupyterlab/coreutils';
import { ServerConnection } from '@jupyterlab/services';

/** What mlnb answers when it cannot do what was asked: what happened, and the way out. */
export class ApiError extends Error {
  /**
   * @param message - what happened, naming the thing
   * @param code - stable name of the kind of error
   * @param hint - the way out; may be empty
   * @param status - HTTP status; 0 when there was no answer
   */
  constructor(
    message: string,
    readonly code: string,
    readonly hint = '',
    readonly status = 0
  ) {
    super(message);
    this.name = 'ApiError';
  }
}

/** How a request is made. */
export interface ICallOptions {
  readonly method?: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** Values of the query string; undefined and null ones are left out. */
  readonly query?: Readonly<Record<string, string | number | boolean | null | undefined>>;
  /** Sent as JSON. */
  readonly body?: object;
}

/** Makes requests to mlnb; the areas' clients get one, so that a test can hand in another. */
export type Call = <T>(path: string, options?: ICallOptions) => Promise<T>;

/**
 * A `Call` that talks to the server of `settings`.
 *
 * Rejects with an ApiError: with the server's own code and hint, or with code `no_server` when nothing answers
 * and `no_extension` when a server without mlnb does.
 */
export function callerFromSettings(settings: ServerConnection.ISettings): Call {
  return async <T>(path: string, options: ICallOptions = {}): Promise<T> => {
    const url = URLExt.join(settings.baseUrl, 'mlnb', path) + queryString(options.query ?? {});
    // with "no-store", JupyterLab's default, a time stamp is added to the query, which mlnb refuses as unknown
    const init: RequestInit = { method: options.method ?? 'GET', cache: 'no-cache' };
    if (options.body) {
      init.body = JSON.stringify(options.body);
    }
    let response: Response;
    try {
      response = await ServerConnection.makeRequest(url, init, settings);
    } catch (reason) {
      throw new ApiError(
        'The Jupyter server does not answer.',
        'no_server',
        'Check that it is still running.',
        reason instanceof ServerConnection.ResponseError ? reason.response.status : 0
      );
    }
    const answer = await readJson(response);
    if (!response.ok) {
      throw errorFromAnswer(response.status, answer, path);
    }
    return answer as T;
  };
}

/** Any thrown value as an ApiError. */
export function asApiError(reason: unknown): ApiError {
  if (reason instanceof ApiError) {
    return reason;
  }
  return new ApiError(reason instanceof Error ? reason.message : String(reason), 'unexpected');
}

/** The ApiError for an answer `{code, message, hint}`, or for a server that does not know the route. */
export function errorFromAnswer(status: number, answer: unknown, path: string): ApiError {
  if (typeof answer === 'object' && answer !== null && 'code' in answer && 'message' in answer) {
    const { code, message } = answer;
    const hint = 'hint' in answer ? String(answer.hint) : '';
    return new ApiError(String(message), String(code), hint, status);
  }
  if (status === 404) {
    return new ApiError(
      'This Jupyter server has no mlnb.',
      'no_extension',
      'Run "jupyter server extension enable mlnb" in its environment and restart it.',
      status
    );
  }
  return new ApiError(
    `${path} answered ${status}.`,
    'bad_answer',
    'See the log of the Jupyter server.',
    status
  );
}

function queryString(query: NonNullable<ICallOptions['query']>): string {
  const pairs = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined && value !== null) {
      pairs.set(name, String(value));
    }
  }
  const text = pairs.toString();
  return text && `?${text}`;
}

async function readJson(response: Response): Promise<unknown> {
  try {
    return (await response.json()) as unknown;
  } catch {
    return null;
  }
}
