import { createReadStream } from "node:fs";
import { StringDecoder } from "node:string_decoder";
import { createGunzip } from "node:zlib";

/** A longer line is no log's. */
const MAX_LINE_CHARACTERS = 16 * 1_024 * 1_024;

/** Standard input's name among files. */
export const STDIN = "-";

/**
 * Reads a log line by line, without keeping it: a file, a file that ends on `.gz` (as CloudWatch exports to S3), or
 * standard input (`-`). `node:readline` takes several times as long for the same.
 * @param onLine is given each line without its end, and its number from 1
 * @returns how many lines there were
 * @throws where it cannot be read, with the path and the reason
 */
export async function readReportLines(
  path: string,
  onLine: (line: string, number: number) => void,
  signal?: AbortSignal,
): Promise<number> {
  try {
    return await splitLines(sourceOf(path), onLine, signal);
  } catch (cause) {
    if (signal?.aborted) throw cause;
    throw new Error(
      `${path === STDIN ? "Standard input" : path} cannot be read: ${(cause as Error).message}. Give a file of log lines, or - for standard input.`,
      { cause },
    );
  }
}

function sourceOf(path: string): AsyncIterable<Buffer> {
  if (path === STDIN) return process.stdin;
  const file = createReadStream(path, { highWaterMark: 256 * 1_024 });
  if (!path.endsWith(".gz")) return file;
  const unzipped = createGunzip();
  file.once("error", (error) => unzipped.destroy(error));
  return file.pipe(unzipped);
}

/** Splits what a stream gives at its line ends, `\n` or `\r\n`. */
export async function splitLines(
  source: AsyncIterable<Buffer>,
  onLine: (line: string, number: number) => void,
  signal?: AbortSignal,
): Promise<number> {
  let decoder: StringDecoder | undefined;
  let [rest, number] = ["", 0];
  const take = (line: string) => onLine(line.endsWith("\r") ? line.slice(0, -1) : line, ++number);
  for await (const chunk of source) {
    signal?.throwIfAborted();
    // PowerShell redirects to UTF-16.
    decoder ??= new StringDecoder(chunk[0] === 0xff && chunk[1] === 0xfe ? "utf16le" : "utf8");
    const text = rest + decoder.write(chunk);
    let from = 0;
    for (let end = text.indexOf("\n"); end >= 0; end = text.indexOf("\n", from)) {
      take(text.slice(from, end));
      from = end + 1;
    }
    rest = text.slice(from);
    if (rest.length > MAX_LINE_CHARACTERS)
      throw new Error(`line ${number + 1} is longer than ${MAX_LINE_CHARACTERS} characters`);
  }
  rest += decoder?.end() ?? "";
  if (rest !== "") take(rest);
  return number;
}
