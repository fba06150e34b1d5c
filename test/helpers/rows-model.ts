/** A model of rows for the command's `--model`: 2a + ab. */
import { modelOfRows } from '../../src/index.js';

export default modelOfRows((rows: (readonly number[])[]) => rows.map(([a, b]) => 2 * a + a * b), {
  name: 'rows',
  features: ['a', 'b'],
});
