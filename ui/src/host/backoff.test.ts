import { expect, test } from 'vitest';

import { retryDelay } from './backoff';

test('waits grow, and never beyond eight seconds', () => {
  expect([0, 1, 2, 3, 4, 5, 6, 1000].map(retryDelay)).toEqual([250, 500, 1000, 2000, 4000, 8000, 8000, 8000]);
});
