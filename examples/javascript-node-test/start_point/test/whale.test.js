import assert from 'node:assert/strict';
import { test } from 'node:test';
import { greet } from '../whale.js';

test('the whale is friendly', () => {
  assert.equal(greet('ground'), 'hello ground');
});
