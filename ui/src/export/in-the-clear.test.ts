import { expect, test } from 'vitest';

import { goesInTheClear } from './in-the-clear';

test('plain HTTP to another machine is in the clear, and nothing else is', () => {
  for (const address of [
    'http://192.0.2.1:5001',
    ' http://node.local ',
    'HTTP://EXAMPLE.COM/psa',
    'http://localhost.example.com',
    'http://127.0.0.1.example.com',
  ]) {
    expect(goesInTheClear(address), address).toBe(true);
  }
  for (const address of [
    '',
    'node.local',
    'https://example.com',
    'http://127.0.0.1:5001',
    'http://localhost:8080/',
    'http://[::1]:8080',
  ]) {
    expect(goesInTheClear(address), address).toBe(false);
  }
});
