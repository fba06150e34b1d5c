/**
 * Infidelity (Yeh et al. 2019, definition 2.1): the mean of
 * (I·Φ − (f(x) − f(x − I)))² over perturbations I.
 *
 * @param predicted I·Φ of each perturbation: what the map says the score falls by
 * @param drops f(x) − f(x − I): what it falls by
 * @param normalize scale the map by the one factor that fits best and divide by the mean of
 *   the squared drops: 0 if the map predicts every drop up to scale, 1 if it predicts none. Maps
 * whose unit is not the score's can only be compared like this. @returns undefined if no
 * perturbation changes the score, so that there is nothing to predict
 */
export function infidelity(
  predicted: ArrayLike<number>,
  drops: ArrayLike<number>,
  normalize = false,
): number | undefined {
  let cross = 0;
  let own = 0;
  let total = 0;
  for (let i = 0; i < drops.length; i++) {
    cross += predicted[i] * drops[i];
    own += predicted[i] ** 2;
    total += drops[i] ** 2;
  }
  if (!normalize) return (own - 2 * cross + total) / drops.length;
  if (total === 0) return undefined;
  // a factor below zero would turn the map round, which is not a matter of unit
  const factor = own === 0 ? 0 : Math.max(0, cross / own);
  return Math.max(0, (factor * factor * own - 2 * factor * cross + total) / total);
}
