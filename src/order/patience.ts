/** Waiting for the kernel, but not for ever. Knows no screen. */

import type { IKernelLink } from '../tokens';

/** Waits until mlnb in a kernel that has just started answers. */
export function linked(kernel: IKernelLink): Promise<void> {
  return new Promise(resolve => {
    const look = (): void => {
      if (kernel.state !== 'connecting') {
        kernel.stateChanged.disconnect(look);
        resolve();
      }
    };
    kernel.stateChanged.connect(look);
    look();
  });
}

/** What `promise` gives, or a rejection when it takes longer. */
export async function inTime<T>(promise: Promise<T>, limitMs: number): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(new Error('the kernel did not answer in time'));
    }, limitMs);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
