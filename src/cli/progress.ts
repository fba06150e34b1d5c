import type { SingleBar } from 'cli-progress';
import type { Messages, Talk } from './io.js';

/** Below this many model evaluations a bar would only flicker. */
const WORTH_A_BAR = 16;
const BAR_WIDTH = 40;

/** Before this many milliseconds the time left cannot be estimated. */
const WORTH_A_GUESS = 1000;

/** The numbers that `cli-progress` gives to the function that draws the bar. */
interface BarState {
  readonly progress: number;
  readonly value: number;
  readonly total: number;
  readonly startTime: number;
}

/** ` grad-cam ████░░░░ 12/225 model runs, 8 s left`; without the time while it is not known. */
export function progressLine(
  method: string,
  { progress, value, total, startTime }: BarState,
  now = Date.now(),
): string {
  const full = Math.round(Math.min(1, progress) * BAR_WIDTH);
  const bar = '█'.repeat(full) + '░'.repeat(BAR_WIDTH - full);
  const elapsed = now - startTime;
  const left = (elapsed / value) * (total - value);
  const known = value > 0 && value < total && elapsed >= WORTH_A_GUESS;
  return ` ${method} ${bar} ${value}/${total} model runs${known ? `, ${duration(left)} left` : ''}`;
}

function duration(milliseconds: number): string {
  const seconds = Math.max(1, Math.round(milliseconds / 1000));
  return seconds < 100 ? `${seconds} s` : `${Math.round(seconds / 60)} min`;
}

/** A bar with the method's name and the time left on a terminal; nothing elsewhere, since each result prints a line. */
export class Progress {
  private bar: SingleBar | undefined;
  private readonly shown: boolean;
  private library: Promise<typeof import('cli-progress')> | undefined;
  private total = 0;

  constructor(
    private readonly messages: Messages,
    { quiet = false }: Talk,
    private method = '',
  ) {
    this.shown = messages.io.stderr.isTTY === true && !quiet;
  }

  /** Names the method that runs from now on. */
  name(method: string): void {
    this.method = method;
  }

  /** Pass as `onProgress`. */
  readonly update = (done: number, total: number): void => {
    if (!this.shown || total < WORTH_A_BAR) return;
    this.library ??= import('cli-progress').then((module) => {
      this.bar ??= new module.default.SingleBar(
        {
          format: (_options, state) => progressLine(this.method, state),
          stream: this.messages.io.stderr,
          hideCursor: true,
          clearOnComplete: true,
        },
        module.default.Presets.shades_classic,
      );
      return module;
    });
    if (this.bar === undefined) return;
    if (total !== this.total) {
      this.bar.stop();
      this.bar.start(total, done);
      this.total = total;
    } else this.bar.update(done);
  };

  /** Takes the bar away; call it before anything is printed. */
  stop(): void {
    this.bar?.stop();
    this.total = 0;
  }
}
