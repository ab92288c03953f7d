import { describe, expect, it } from 'vitest';

import { ApiError } from '../../api/client';
import { SectionModel } from '../section_model';

/** Loads when told that the answer is there. */
class SlowModel extends SectionModel {
  loads = 0;
  answers: ((error?: Error) => void)[] = [];

  get count(): number {
    return this.loads;
  }

  doing<T>(action: () => Promise<T>): Promise<T | undefined> {
    return this.act('something', action);
  }

  protected async load(): Promise<void> {
    this.loads += 1;
    await new Promise<void>((resolve, reject) => {
      this.answers.push(error => {
        if (error) {
          reject(error);
        } else {
          resolve();
        }
      });
    });
  }
}

async function settled(): Promise<void> {
  await new Promise(resolve => setTimeout(resolve, 0));
}

describe('a section that nobody looks at', () => {
  it('does not load, however often it is invalidated', () => {
    const model = new SlowModel();
    model.invalidate();
    model.invalidate();
    expect(model.loads).toBe(0);
  });

  it('loads once somebody looks, and not again while it is current', async () => {
    const model = new SlowModel();
    model.isActive = true;
    model.answers[0]?.();
    await settled();
    model.isActive = false;
    model.isActive = true;
    expect(model.loads).toBe(1);
    expect(model.loadState).toBe('ready');
  });
});

describe('refresh', () => {
  it('merges calls that come while a load is under way into one more load', async () => {
    const model = new SlowModel();
    const first = model.refresh();
    const others = [model.refresh(), model.refresh(), model.refresh()];
    model.answers[0]?.();
    await settled();
    model.answers[1]?.();
    await Promise.all([first, ...others]);
    expect(model.loads).toBe(2);
  });

  it('says what failed, and keeps what was shown before', async () => {
    const model = new SlowModel();
    void model.refresh();
    model.answers[0]?.();
    await settled();
    void model.refresh();
    model.answers[1]?.(new ApiError('The store is away.', 'store', 'Bring it back.'));
    await settled();
    expect(model.loadState).toBe('ready');
    expect(model.error?.hint).toBe('Bring it back.');
  });

  it('has failed when the first load failed, until one succeeds', async () => {
    const model = new SlowModel();
    void model.refresh();
    model.answers[0]?.(new Error('no'));
    await settled();
    expect(model.loadState).toBe('failed');
    void model.refresh();
    model.answers[1]?.();
    await settled();
    expect(model.loadState).toBe('ready');
    expect(model.error).toBeNull();
  });
});

describe('an action', () => {
  it('is named while it runs, and its failure is shown until dismissed', async () => {
    const model = new SlowModel();
    const done = model.doing<string>(() => Promise.reject(new Error('refused')));
    expect(model.busyWith).toBe('something');
    expect(await done).toBeUndefined();
    expect(model.busyWith).toBeNull();
    expect(model.error?.message).toBe('refused');
    model.dismissError();
    expect(model.error).toBeNull();
  });
});
