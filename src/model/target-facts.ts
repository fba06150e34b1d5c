/** What a record says about a target: its name, its number, and what the model says itself. */
import type { Target, TargetBase, TopClass } from '../explanation.js';
import type { OutputValues, ScoreKind } from './interface.js';
import {
  concreteTarget,
  describeTarget,
  probaOf,
  rankOf,
  scoreOf,
  targetId,
  topClass,
} from './targets.js';

/** The facts of a definite target for sample `n`. */
export function targetFacts(
  definition: Target,
  outputs: readonly OutputValues[],
  n: number,
  score: ScoreKind,
  labels?: readonly string[],
): TargetBase & { readonly score: number } {
  const { target, label, proba } = called(definition, outputs, n, labels);
  const rank = rankOf(definition, outputs, n);
  return {
    target,
    definition,
    ...(label !== undefined && { label }),
    score: scoreOf(definition, outputs, n, score),
    ...(proba !== undefined && { proba }),
    ...(rank !== undefined && { rank }),
    ...(rank !== undefined && rank > 0 && { top: topOf(definition, outputs, n, labels) }),
  };
}

function topOf(
  beside: Target,
  outputs: readonly OutputValues[],
  n: number,
  labels: readonly string[] | undefined,
): TopClass {
  const output = 'output' in beside ? beside.output : undefined;
  return called(concreteTarget(topClass(0, output), outputs, n), outputs, n, labels);
}

function called(
  definition: Target,
  outputs: readonly OutputValues[],
  n: number,
  labels: readonly string[] | undefined,
): TopClass {
  const proba = probaOf(definition, outputs, n);
  return {
    target: targetId(definition),
    ...(hasName(definition, labels) && { label: describeTarget(definition, labels) }),
    ...(proba !== undefined && { proba }),
  };
}

/** Regression outputs, and classes without labels, are called by their number. */
function hasName(target: Target, labels: readonly string[] | undefined): boolean {
  return target.kind === 'class'
    ? labels?.[target.index] !== undefined
    : target.kind !== 'regression';
}
