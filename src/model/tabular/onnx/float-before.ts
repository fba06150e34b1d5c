/** The float32 below: x < t is x <= floatBefore(t) for numbers of float32. */
export function floatBefore(x: number): number {
  if (x === -Infinity || Number.isNaN(x)) return x;
  if (x === 0) return -1.401298464324817e-45;
  const float = Float32Array.of(x);
  const bits = new Int32Array(float.buffer);
  bits[0] += x > 0 ? -1 : 1;
  return float[0];
}
