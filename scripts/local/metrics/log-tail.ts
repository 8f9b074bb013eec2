import { closeSync, existsSync, fstatSync, openSync, readSync, statSync } from "node:fs";

/** Bytes read at once. */
const CHUNK_BYTES = 1 << 20;
const LINE_FEED = 10;

/** The lines that others write to a file, each once, from when the tail is made. */
export class LogTail {
  private position: number;
  /** Begin of a line whose end is not written yet. */
  private rest = Buffer.alloc(0);

  constructor(private readonly path: string) {
    this.position = existsSync(path) ? statSync(path).size : 0;
  }

  /** The whole lines since the last call, without their line feeds; none where there is no file yet. */
  take(): string[] {
    if (!existsSync(this.path)) return [];
    const lines: string[] = [];
    const file = openSync(this.path, "r");
    try {
      const end = fstatSync(file).size;
      while (this.position < end)
        lines.push(...this.split(this.read(file, Math.min(CHUNK_BYTES, end - this.position))));
    } finally {
      closeSync(file);
    }
    return lines;
  }

  private read(file: number, bytes: number): Buffer {
    const chunk = Buffer.alloc(bytes);
    const read = readSync(file, chunk, 0, bytes, this.position);
    if (read === 0) throw new Error(`${this.path} became shorter while it was read; a function's log only grows.`);
    this.position += read;
    return chunk.subarray(0, read);
  }

  /** In bytes: a character may be in two chunks. */
  private split(chunk: Buffer): string[] {
    const all = Buffer.concat([this.rest, chunk]);
    const last = all.lastIndexOf(LINE_FEED);
    this.rest = all.subarray(last + 1);
    return last < 0 ? [] : all.subarray(0, last).toString("utf8").split("\n");
  }
}
