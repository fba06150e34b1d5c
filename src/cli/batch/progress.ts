/** How far a batch is: a bar on a terminal, a line now and then elsewhere. */
import type { SingleBar } from 'cli-progress';
import type { Messages, Talk } from '../io.js';
import type { DocumentReference } from './documents.js';
import type { JournalEntry } from './journal.js';

const BAR_WIDTH = 30;
/** Milliseconds between two lines if there is no terminal. */
const EVERY = 10_000;
/** The rate is measured on the last documents, since the first ones waited for the model. */
const WINDOW = 64;

export class BatchProgress {
  private bar: SingleBar | undefined;
  private pending = 0;
  private done = 0;
  private failed = 0;
  private readonly ended: number[] = [];
  private told = 0;

  constructor(
    private readonly messages: Messages,
    private readonly talk: Talk & { readonly json?: boolean },
    private readonly total: number,
    private readonly now: () => number = () => performance.now(),
  ) {}

  start(pending: number, workers: number): void {
    this.pending = pending;
    this.told = this.now();
    if (this.talk.json === true) return;
    const known = this.total - pending;
    const already = known === 0 ? '' : `, ${known} settled before`;
    if (pending === 0) this.messages.note(`nothing to do${already}`);
    else {
      const by =
        workers === 0
          ? 'by the queue'
          : workers === 1
            ? 'with 1 worker'
            : `with ${workers} workers`;
      this.messages.note(`${pending} documents to do ${by}${already}`);
    }
    if (this.messages.io.stderr.isTTY === true && this.talk.quiet !== true && pending > 0) {
      void this.show();
    }
  }

  entry(entry: JournalEntry, { name }: DocumentReference): void {
    this.done++;
    if (entry.state === 'failed') this.failed++;
    this.ended.push(this.now());
    if (this.ended.length > WINDOW) this.ended.shift();
    if (entry.error !== undefined && this.talk.json !== true) {
      this.bar?.stop();
      this.messages.complain(`${name}: ${entry.error.code}: ${entry.error.message}`);
      this.bar?.start(this.pending, this.done);
    }
    if (this.bar !== undefined) this.bar.update(this.done);
    else if (this.talk.json !== true && this.now() - this.told >= EVERY) {
      this.told = this.now();
      this.messages.note(this.line());
    }
  }

  /** Lines above the bar. */
  say(lines: readonly string[]): void {
    if (this.talk.json === true) return;
    this.bar?.stop();
    for (const line of lines) this.messages.note(line);
    this.bar?.start(this.pending, this.done);
  }

  stop(): void {
    this.bar?.stop();
    this.bar = undefined;
  }

  /** `120 of 300, 1 failed, 4.2 documents a second, 43 s left`. */
  line(): string {
    const { done, pending, failed } = this;
    const rate = this.rate();
    const parts = [
      `${done} of ${pending}`,
      ...(failed > 0 ? [`${failed} failed`] : []),
      ...(rate === undefined ? [] : [rateText(rate), `${duration((pending - done) / rate)} left`]),
    ];
    return parts.join(', ');
  }

  private rate(): number | undefined {
    const { ended } = this;
    if (ended.length < 3) return undefined;
    const seconds = (ended[ended.length - 1] - ended[0]) / 1000;
    return seconds > 0 ? (ended.length - 1) / seconds : undefined;
  }

  private async show(): Promise<void> {
    const { default: library } = await import('cli-progress');
    this.bar = new library.SingleBar(
      {
        format: (_, { progress }) => {
          const full = Math.round(Math.min(1, progress) * BAR_WIDTH);
          return ` ${'█'.repeat(full)}${'░'.repeat(BAR_WIDTH - full)} ${this.line()}`;
        },
        stream: this.messages.io.stderr,
        hideCursor: true,
        clearOnComplete: true,
      },
      library.Presets.shades_classic,
    );
    this.bar.start(this.pending, this.done);
  }
}

function rateText(rate: number): string {
  return rate >= 1
    ? `${Number(rate.toPrecision(2))} documents a second`
    : `${Number((1 / rate).toPrecision(2))} s a document`;
}

function duration(seconds: number): string {
  if (seconds < 100) return `${Math.max(1, Math.round(seconds))} s`;
  if (seconds < 6000) return `${Math.round(seconds / 60)} min`;
  return `${Number((seconds / 3600).toPrecision(2))} h`;
}
