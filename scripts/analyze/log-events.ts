import type {
  CloudWatchLogsClient,
  FilterLogEventsCommandInput,
  FilterLogEventsCommandOutput,
} from "@aws-sdk/client-cloudwatch-logs";
import { clientConfiguration } from "../kit/aws-client";
import { createReadStream } from "node:fs";
import { StringDecoder } from "node:string_decoder";
import { createGunzip } from "node:zlib";

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
  /** Called after each page with how many events there were so far. */
  readonly onPage: (events: number) => void;
}

/** Either term, in CloudWatch's filter syntax. An emulator may ignore it, so who reads the events looks again. */
export const REPORT_FILTER = '?"REPORT RequestId:" ?"platform.report"';

/** FilterLogEvents is throttled at a few calls a second and account. */
const MAX_ATTEMPTS = 8;

/**
 * The events of a log group that may be reports of runs, page by page. Throws with the group, the region and what to
 * do.
 */
export async function* reportEvents(query: LogEventsQuery): AsyncGenerator<LogEvent> {
  const { environment } = query;
  const region = environment.AWS_REGION ?? environment.AWS_DEFAULT_REGION;
  if (!region)
    throw new Error(`The log group ${query.group} is read from an AWS region, and none is set. Set AWS_REGION.`);
  const client = await clientOf(environment, region);
  try {
    let [nextToken, events]: [string | undefined, number] = [undefined, 0];
    do {
      const page: FilterLogEventsCommandOutput = await send(client, query, region, nextToken);
      for (const { message, logStreamName } of page.events ?? []) {
        events++;
        yield { message: message ?? "", stream: logStreamName ?? "" };
      }
      query.onPage(events);
      // A page may be empty and not the last.
      nextToken = page.nextToken;
    } while (nextToken !== undefined);
  } finally {
    client.destroy();
  }
}

/** The SDK is loaded only where it is needed: a log in a file takes none of its memory. */
const sdk = () => import("@aws-sdk/client-cloudwatch-logs");

async function clientOf(environment: NodeJS.ProcessEnv, region: string): Promise<CloudWatchLogsClient> {
  const { CloudWatchLogsClient: Client } = await sdk();
  return new Client({
    ...clientConfiguration({ environment, region }, "CLOUDWATCH_LOGS"),
    maxAttempts: MAX_ATTEMPTS,
    retryMode: "adaptive",
  });
}

async function send(
  client: CloudWatchLogsClient,
  { group, fromMs, toMs, signal }: LogEventsQuery,
  region: string,
  nextToken: string | undefined,
) {
  const { FilterLogEventsCommand } = await sdk();
  const input: FilterLogEventsCommandInput = {
    logGroupName: group,
    startTime: fromMs,
    endTime: toMs,
    filterPattern: REPORT_FILTER,
    ...(nextToken === undefined ? {} : { nextToken }),
  };
  try {
    return await client.send(new FilterLogEventsCommand(input), { abortSignal: signal });
  } catch (cause) {
    if (signal.aborted) throw cause;
    const { name, message } = cause as Error;
    const advice =
      name === "ResourceNotFoundException"
        ? "Such a group is /aws/lambda/<function>; aws logs describe-log-groups lists them."
        : "It takes logs:FilterLogEvents on the group.";
    throw new Error(`The log group ${group} in ${region} cannot be read (${name}: ${message}). ${advice}`, { cause });
  }
}

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
