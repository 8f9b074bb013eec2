import { appendFile, mkdir } from "node:fs/promises";
import { join } from "node:path";
import { substitute } from "./gateway-responses";

/** `<directory>/access.log`: one line for each request, in the applied format. */
export class AccessLog {
  private readonly file: string;
  private last: Promise<void>;

  constructor(directory: string) {
    this.file = join(directory, "access.log");
    this.last = mkdir(directory, { recursive: true }).then(() => undefined);
    this.last.catch(() => undefined); // Told by `close`.
  }

  /** Writes in the order of the calls. */
  write(format: string, context: ReadonlyMap<string, string>): void {
    const line = `${formatLine(format, context)}\n`;
    this.last = this.last.then(() => appendFile(this.file, line));
    this.last.catch(() => undefined); // Told by `close`.
  }

  /** Waits until all lines are on disk. */
  async close(): Promise<void> {
    await this.last;
  }
}

/** A caller's text cannot end the line or a JSON string of the format; `error.messageString` brings its own quotes. */
export function formatLine(format: string, context: ReadonlyMap<string, string>): string {
  const escape = (name: string, value: string) =>
    name === "error.messageString" ? value : JSON.stringify(value).slice(1, -1);
  return substitute(format, context, "-", escape).replace(/[\r\n]+/g, " ");
}
