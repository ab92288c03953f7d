import { describe, expect, it } from 'vitest';

import { ApiError, asApiError, errorFromAnswer } from '../client';
import { eventFromEmission, SCHEMA_ID } from '../events';

describe('an error of the server', () => {
  it('keeps code, message and hint', () => {
    const body = { code: 'not_found', message: 'No job "x".', hint: 'See mlnb jobs list.' };
    const error = errorFromAnswer(404, body, 'jobs/x');
    expect(error).toMatchObject({ ...body, status: 404 });
  });

  it('is told from a server without mlnb', () => {
    expect(errorFromAnswer(404, null, 'jobs').code).toBe('no_extension');
  });

  it('names what was asked for when the answer is no answer of ours', () => {
    expect(errorFromAnswer(502, null, 'jobs').message).toBe('jobs answered 502.');
  });

  it('is made of anything that was thrown', () => {
    const error = new ApiError('a', 'b');
    expect(asApiError(error)).toBe(error);
    expect(asApiError('text').message).toBe('text');
  });
});

describe('an event', () => {
  it('is ours when its schema is ours', () => {
    const data = { name: 'job_changed', subject: 'j1', data: { state: 'running' } };
    expect(eventFromEmission({ schema_id: SCHEMA_ID, ...data })).toEqual(data);
    expect(eventFromEmission({ schema_id: 'https://other', ...data })).toBeNull();
  });
});
