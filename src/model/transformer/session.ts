/** A transformer in ONNX Runtime: texts as tokens, filled up to one length, in batches. */
import type { InferenceSession, Tensor } from 'onnxruntime-common';
import { AbortedError, WhylensError } from '../../errors.js';
import type { OnnxRuntime } from '../executors/onnxruntime/sessions.js';
import { ELEMENT, type OnnxGraph, type OnnxValueInfo } from '../files/onnx.js';
import { elementName } from '../files/onnx-tensor.js';
import type { TokenInput } from '../tabular/interface.js';

/** What an input of the file is for. */
export type Role = 'ids' | 'attended' | 'types' | 'positions';

export interface RoleInput {
  readonly role: Role;
  readonly info: OnnxValueInfo;
}

const ROLES: Readonly<Record<string, Role>> = {
  input_ids: 'ids',
  attention_mask: 'attended',
  input_mask: 'attended',
  token_type_ids: 'types',
  segment_ids: 'types',
  position_ids: 'positions',
};
const TYPES: readonly number[] = [ELEMENT.int64, ELEMENT.int32, ELEMENT.float, ELEMENT.bool];
/** Errors are thrown here; the library's own lines are not for the user. */
export const SILENT = 4;
/** Tokens in one run, padding included. */
const TOGETHER = 4096;

/**
 * The inputs by what they are for.
 *
 * @throws `UNSUPPORTED_MODEL` if an input is of another kind
 */
export function rolesOf(graph: OnnxGraph, name: string): RoleInput[] {
  const weights = new Set(graph.initializers.map((tensor) => tensor.name));
  const inputs = graph.inputs.filter((info) => !weights.has(info.name));
  const roles = inputs.map((info): RoleInput => {
    const role = Object.hasOwn(ROLES, info.name) ? ROLES[info.name] : undefined;
    if (role === undefined) {
      throw new WhylensError(
        'UNSUPPORTED_MODEL',
        `'${name}' wants an input '${info.name}', which a classifier of texts does not have; known are ${Object.keys(ROLES).join(', ')}. Export the model for text classification`,
        { facts: { input: info.name } },
      );
    }
    if (!TYPES.includes(info.type) || (info.shape !== undefined && info.shape.length !== 2)) {
      throw new WhylensError(
        'UNSUPPORTED_MODEL',
        `input '${info.name}' of '${name}' must hold numbers of shape [batch, tokens], got ${elementName(info.type)} of ${info.shape?.length ?? 'unknown'} axes`,
        { facts: { input: info.name } },
      );
    }
    return { role, info };
  });
  return roles;
}

export interface SessionSettings {
  readonly name: string;
  readonly padId: number;
  readonly firstPosition: number;
  /** Rows of the table in which tokens are looked up, if it is known. */
  readonly vocabulary?: number;
}

/** One array for each text. */
export interface Fetched {
  /** Of one text, without the batch axis. */
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

export class TokenSession {
  /** Tokens of every text, if the file fixes it. */
  readonly fixedLength: number | undefined;
  private readonly fixedBatch: number | undefined;

  constructor(
    private readonly runtime: OnnxRuntime,
    private readonly session: InferenceSession,
    readonly roles: readonly RoleInput[],
    private readonly settings: SessionSettings,
  ) {
    const shape = roles.find(({ role }) => role === 'ids')!.info.shape;
    const [batch, length] = (shape ?? []).map((size) =>
      typeof size === 'number' && size > 0 ? size : undefined,
    );
    this.fixedBatch = batch;
    this.fixedLength = length;
  }

  /** What one role's input holds for a text of `length` places. */
  values(role: Role, input: TokenInput, length: number): number[] {
    const { padId, firstPosition } = this.settings;
    const count = input.ids.length;
    return Array.from({ length }, (_, i) => {
      const isOwn = i < count;
      switch (role) {
        case 'ids':
          return isOwn ? input.ids[i] : padId;
        case 'attended':
          return isOwn ? (input.attended?.[i] ?? 1) : 0;
        case 'types':
          return isOwn ? (input.types?.[i] ?? 0) : 0;
        case 'positions':
          // what is not there stands at RoBERTa's place for padding
          return isOwn ? firstPosition + i : Math.max(0, firstPosition - 1);
      }
    });
  }

  /** The values of one output for each text, in their order. */
  async run(
    inputs: readonly TokenInput[],
    output: string,
    signal?: AbortSignal,
  ): Promise<Fetched[]> {
    const found = new Array<Fetched>(inputs.length);
    let done = 0;
    for (const batch of this.batches(inputs)) {
      if (signal?.aborted === true) throw new AbortedError(done, inputs.length, signal.reason);
      const tensor = await this.runBatch(
        batch.map((n) => inputs[n]),
        output,
      );
      const [rows, ...shape] = tensor.dims;
      const size = tensor.size / rows;
      const data = Float32Array.from(tensor.data as Float32Array);
      batch.forEach((n, row) => {
        found[n] = { shape, data: data.subarray(row * size, (row + 1) * size) };
      });
      done += batch.length;
    }
    return found;
  }

  /** Texts of like length together, so that little is filled up. */
  private batches(inputs: readonly TokenInput[]): number[][] {
    const order = inputs
      .map((_, n) => n)
      .sort((a, b) => inputs[a].ids.length - inputs[b].ids.length);
    // without a mask the padding would be read as text
    const mixed =
      this.fixedLength !== undefined || this.roles.some(({ role }) => role === 'attended');
    const batches: number[][] = [];
    for (const n of order) {
      const length = this.fixedLength ?? inputs[n].ids.length;
      const last = batches.at(-1);
      const most = this.fixedBatch ?? Math.max(1, Math.floor(TOGETHER / length));
      const fits =
        last !== undefined &&
        last.length < most &&
        (mixed || inputs[last[0]].ids.length === inputs[n].ids.length);
      if (fits) last.push(n);
      else batches.push([n]);
    }
    return batches;
  }

  private async runBatch(inputs: readonly TokenInput[], output: string): Promise<Tensor> {
    const { vocabulary = Infinity, name } = this.settings;
    for (const { ids } of inputs) {
      const outside = Array.from(ids).find((id) => id >= vocabulary);
      if (outside === undefined) continue;
      throw new WhylensError(
        'INVALID_DOCUMENT',
        `the tokenizer gives a token the number ${outside}, and '${name}' knows ${vocabulary} tokens (0 to ${vocabulary - 1}): the tokenizer.json is of another model`,
        { facts: { id: outside, vocabulary } },
      );
    }
    const length =
      this.fixedLength ?? inputs.reduce((longest, { ids }) => Math.max(longest, ids.length), 1);
    const rows = this.fixedBatch ?? inputs.length;
    const feeds = Object.fromEntries(
      this.roles.map(({ role, info }) => {
        const values = Array.from({ length: rows }, (_, row) =>
          this.values(role, inputs[Math.min(row, inputs.length - 1)], length),
        ).flat();
        return [info.name, this.tensor(info.type, values, [rows, length])];
      }),
    );
    try {
      const results = await this.session.run(feeds, [output], { logSeverityLevel: SILENT });
      return results[output];
    } catch (cause) {
      throw new WhylensError(
        'MODEL_OUTPUT',
        `ONNX Runtime fails at '${this.settings.name}': ${String((cause as Error).message ?? cause).slice(0, 300)}. Is the tokenizer of another model, or the text longer than the model reads (maxLength)?`,
        { cause },
      );
    }
  }

  private tensor(type: number, values: readonly number[], dims: readonly number[]): Tensor {
    const Make = this.runtime.Tensor as unknown as new (
      type: string,
      data: unknown,
      dims: readonly number[],
    ) => Tensor;
    if (type === ELEMENT.int64) return new Make('int64', BigInt64Array.from(values, BigInt), dims);
    if (type === ELEMENT.int32) return new Make('int32', Int32Array.from(values), dims);
    if (type === ELEMENT.bool) return new Make('bool', Uint8Array.from(values), dims);
    return new Make('float32', Float32Array.from(values), dims);
  }

  release(): void {
    void this.session.release();
  }
}
