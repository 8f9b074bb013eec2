import { createReadStream } from "node:fs";
import { StringDecoder } from "node:string_decoder";
import { createGunzip } from "node:zlib";
import type { FilterLogEventsCommandInput, FilterLogEventsCommandOutput } from "@aws-sdk/client-cloudwatch-logs";
import { clientConfiguration } from "../kit/aws-client";
import { UsageError } from "../kit/context";

/** A message of a log group. */
export interface LogEvent {
  readonly message: string;
  /** Name of its log stream, which names the version of the function. */
  readonly stream: string;
}

export interface LogEventsQuery {
  readonly group: string;
  /** Milliseconds since 1970, included. */
  readonly fromMs: number;
  /** Milliseconds since 1970. */
  readonly toMs: number;
  /**
   * AWS_REGION or AWS_DEFAULT_REGION, AWS_ENDPOINT_URL, and credentials where they are in it; others are found as every
   * AWS tool does.
   */
  readonly environment: NodeJS.ProcessEnv;
  readonly signal: AbortSignal;
  /** Called after each page with the number of events so far. */
  readonly onPage: (events: number) => void;
}

/** Matches either term, in CloudWatch's filter syntax. An emulator may ignore it, so readers must filter again. */
const REPORT_FILTER = '?"REPORT RequestId:" ?"platform.report"';

/** FilterLogEvents is throttled at a few calls a second and account. */
const MAX_ATTEMPTS = 8;

/**
 * Reads the events of a log group that may be reports of runs, page by page. Throws a {@link UsageError} with the
 * group, the region and what to do.
 */
export async function* reportEvents(query: LogEventsQuery): AsyncGenerator<LogEvent> {
  const { environment, group, signal } = query;
  const region = environment.AWS_REGION ?? environment.AWS_DEFAULT_REGION;
  if (!region)
    throw new UsageError(`The log group ${group} is read from an AWS region, and none is set. Set AWS_REGION.`);
  // The SDK takes memory that a log in a file does not need.
  const { CloudWatchLogsClient, FilterLogEventsCommand } = await import("@aws-sdk/client-cloudwatch-logs");
  const client = new CloudWatchLogsClient({
    ...clientConfiguration({ environment, region }, "CLOUDWATCH_LOGS"),
    maxAttempts: MAX_ATTEMPTS,
    retryMode: "adaptive",
  });
  try {
    const input: FilterLogEventsCommandInput = {
      logGroupName: group,
      startTime: query.fromMs,
      endTime: query.toMs,
      filterPattern: REPORT_FILTER,
    };
    let events = 0;
    do {
      const page: FilterLogEventsCommandOutput = await client
        .send(new FilterLogEventsCommand(input), { abortSignal: signal })
        .catch((cause: unknown) => refuseGroup(query, region, cause));
      for (const { message = "", logStreamName: stream = "" } of page.events ?? []) {
        events++;
        yield { message, stream };
      }
      query.onPage(events);
      // An empty page is not always the last one.
      input.nextToken = page.nextToken;
    } while (input.nextToken !== undefined);
  } finally {
    client.destroy();
  }
}

function refuseGroup({ group, signal }: LogEventsQuery, region: string, cause: unknown): never {
  if (signal.aborted) throw cause;
  const { name, message } = cause as Error;
  const advice =
    name === "ResourceNotFoundException"
      ? "Such a group is /aws/lambda/<function>; aws logs describe-log-groups lists them."
      : "It takes logs:FilterLogEvents on the group.";
  throw new UsageError(`The log group ${group} in ${region} cannot be read (${name}: ${message}). ${advice}`, {
    cause,
  });
}

/** No log has longer lines. */
const MAX_LINE_CHARACTERS = 16 * 1_024 * 1_024;

/** Standard input's name among files. */
export const STDIN = "-";

/** Takes a line without its end, and the line's number from 1. */
type TakeLine = (line: string, number: number) => void;

/**
 * Reads a log line by line, without keeping it: a file, a file that ends on `.gz` (as CloudWatch exports to S3), or
 * standard input (`-`). `node:readline` takes several times as long.
 * @returns how many lines there were
 * @throws {UsageError} with the path and the reason, where it cannot be read
 */
export async function readLogLines(path: string, takeLine: TakeLine, signal?: AbortSignal): Promise<number> {
  try {
    return await splitLines(openLog(path), takeLine, signal);
  } catch (cause) {
    if (signal?.aborted || cause instanceof UsageError) throw cause;
    throw new UsageError(
      `${path === STDIN ? "Standard input" : path} cannot be read: ${(cause as Error).message}. ` +
        "Give a file of log lines, or - for standard input.",
      { cause },
    );
  }
}

function openLog(path: string): AsyncIterable<Buffer> {
  if (path === STDIN) return process.stdin;
  const file = createReadStream(path, { highWaterMark: 256 * 1_024 });
  if (!path.endsWith(".gz")) return file;
  const unzipped = createGunzip();
  file.once("error", (error) => unzipped.destroy(error));
  return file.pipe(unzipped);
}

/** Splits a stream at its line ends, `\n` or `\r\n`. */
export async function splitLines(
  source: AsyncIterable<Buffer>,
  takeLine: TakeLine,
  signal?: AbortSignal,
): Promise<number> {
  let decoder: StringDecoder | undefined;
  let [rest, number] = ["", 0];
  const take = (line: string) => takeLine(line.endsWith("\r") ? line.slice(0, -1) : line, ++number);
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
