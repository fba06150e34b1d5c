/** Whole numbers as `scripts/make-font.mjs` packs them: seven bits a byte, the lowest first, as base64. */
export class Varints {
  private readonly bytes: string;
  private at = 0;

  constructor(base64: string) {
    this.bytes = atob(base64);
  }

  get ended(): boolean {
    return this.at >= this.bytes.length;
  }

  next(): number {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = this.bytes.charCodeAt(this.at++);
      value |= (byte & 127) << shift;
      if (byte < 128) return value;
    }
  }

  /** One with a sign, which is in its lowest bit. */
  signed(): number {
    const value = this.next();
    return value & 1 ? -(value + 1) / 2 : value / 2;
  }
}
