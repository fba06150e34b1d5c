import type { SingleBar } from 'cli-progress';
import type { Messages, Talk } from './io.js';

/** Below this many model evaluations a bar would only flicker. */
const WORTH_A_BAR = 16;

/** A bar with the time left on a terminal; nothing elsewhere, where each result has its line. */
export class Progress {
  private bar: SingleBar | undefined;
  private readonly shown: boolean;
  private library: Promise<typeof import('cli-progress')> | undefined;
  private total = 0;

  constructor(
    private readonly messages: Messages,
    { quiet = false }: Talk,
  ) {
    this.shown = messages.io.stderr.isTTY === true && !quiet;
  }

  /** Pass as `onProgress`. */
  readonly update = (done: number, total: number): void => {
    if (!this.shown || total < WORTH_A_BAR) return;
    this.library ??= import('cli-progress').then((module) => {
      this.bar ??= new module.default.SingleBar(
        {
          format: ' {bar} {value}/{total} model runs, {eta_formatted} left',
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
