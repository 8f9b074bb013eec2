import {
  reportEvents,
  type LogEvent,
  type LogEventsQuery,
  readLogLines,
  splitLines,
} from "../../../scripts/analyze/log-events";
import { answeringServer, type Answer } from "../../support/answering-server";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { temporaryFolder } from "../../support/temporary-folder";

describe("a log group", () => {
  const GROUP = "/aws/lambda/quickturn-dev-worker";
  const stops: (() => Promise<void>)[] = [];
  afterAll(() => Promise.all(stops.map((stop) => stop())));

  const page = (document: object, status = 200): Answer => ({
    status,
    headers: { "content-type": "application/x-amz-json-1.1" },
    body: JSON.stringify(document),
  });

  async function read(answer: (count: number) => Answer, query: Partial<LogEventsQuery> = {}) {
    const server = await answeringServer((_asked, count) => answer(count));
    stops.push(server.stop);
    const environment = {
      AWS_REGION: "us-east-1",
      AWS_ACCESS_KEY_ID: "a",
      AWS_SECRET_ACCESS_KEY: "b",
      AWS_ENDPOINT_URL: server.url,
    };
    const [events, pages]: [LogEvent[], number[]] = [[], []];
    const given = {
      group: GROUP,
      fromMs: 1_000,
      toMs: 9_000,
      environment,
      signal: new AbortController().signal,
      onPage: (count: number) => void pages.push(count),
      ...query,
    };
    for await (const event of reportEvents(given)) events.push(event);
    return { events, pages, asked: server.asked.map(({ body }) => JSON.parse(body) as unknown) };
  }

  test("every page is read, also after an empty one, and each event has its stream", async () => {
    const { events, pages, asked } = await read((count) =>
      page(
        [
          {
            events: [
              { message: "one", logStreamName: "[7]a" },
              { message: "two", logStreamName: "[8]b" },
            ],
            nextToken: "t1",
          },
          { events: [], nextToken: "t2" },
          { events: [{ message: "three", logStreamName: "[8]b" }] },
        ][count - 1]!,
      ),
    );
    expect(events).toEqual([
      { message: "one", stream: "[7]a" },
      { message: "two", stream: "[8]b" },
      { message: "three", stream: "[8]b" },
    ]);
    expect(pages).toEqual([2, 2, 3]);
    const first = {
      logGroupName: GROUP,
      startTime: 1_000,
      endTime: 9_000,
      filterPattern: '?"REPORT RequestId:" ?"platform.report"',
    };
    expect(asked).toEqual([first, { ...first, nextToken: "t1" }, { ...first, nextToken: "t2" }]);
  });

  test("a missing group is refused with the region and what to do, and any other refusal with the needed permission", async () => {
    const refused = (type: string) => read(() => page({ __type: type, message: "no" }, 400));
    await expect(refused("ResourceNotFoundException")).rejects.toThrow(
      `The log group ${GROUP} in us-east-1 cannot be read (ResourceNotFoundException: no). Such a group is /aws/lambda/<function>; aws logs describe-log-groups lists them.`,
    );
    await expect(refused("AccessDeniedException")).rejects.toThrow(
      "(AccessDeniedException: no). It takes logs:FilterLogEvents on the group.",
    );
  });

  test("without a region no call is made", async () => {
    await expect(read(() => page({}), { environment: {} })).rejects.toThrow(
      `The log group ${GROUP} is read from an AWS region, and none is set. Set AWS_REGION.`,
    );
  });
});

describe("a log file", () => {
  const folder = temporaryFolder("report-lines");

  async function lines(chunks: readonly Buffer[]): Promise<string[]> {
    const found: string[] = [];
    await splitLines(
      (async function* () {
        yield* chunks;
      })(),
      (line, number) => (found[number - 1] = line),
    );
    return found;
  }

  test("the lines do not depend on where the chunks are cut, even within letters of several bytes", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.constantFrom("a", "ü", "€", "😀", "\n", "\r\n", "line")),
        fc.array(fc.nat(60)),
        async (pieces, cuts) => {
          const bytes = Buffer.from(pieces.join(""));
          const sorted = [
            0,
            ...cuts.map((cut) => Math.min(cut, bytes.length)).sort((left, right) => left - right),
            bytes.length,
          ];
          const chunks = sorted
            .slice(1)
            .map((end, index) => bytes.subarray(sorted[index], end))
            .filter((chunk) => chunk.length > 0);
          const expected = pieces
            .join("")
            .split("\n")
            .map((line) => line.replace(/\r$/, ""));
          if (expected[expected.length - 1] === "") expected.pop();
          expect(await lines(chunks)).toEqual(expected);
        },
      ),
    );
  });

  test("UTF-16 is read, because PowerShell writes it", async () => {
    expect(await lines([Buffer.from("\ufeffone\r\ntwo", "utf16le")])).toEqual(["\ufeffone", "two"]);
  });

  test("a line without an end is refused before it fills the memory", async () => {
    const long = Buffer.alloc(9 * 1_024 * 1_024, "x");
    await expect(lines([long, long])).rejects.toThrow("line 1 is longer than 16777216 characters");
  });

  test("a zipped file gives the same lines as the file", async () => {
    writeFileSync(join(folder, "a.log"), "one\ntwo\n");
    writeFileSync(join(folder, "a.log.gz"), gzipSync("one\ntwo\n"));
    for (const name of ["a.log", "a.log.gz"]) {
      const found: string[] = [];
      expect(await readLogLines(join(folder, name), (line) => found.push(line))).toBe(2);
      expect(found).toEqual(["one", "two"]);
    }
  });

  test("a file that cannot be read is refused with its name, the reason and what to give", async () => {
    mkdirSync(join(folder, "folder"));
    writeFileSync(join(folder, "broken.gz"), "no gzip");
    await expect(readLogLines(join(folder, "missing.log"), () => undefined)).rejects.toThrow(
      /missing\.log cannot be read: ENOENT.*Give a file of log lines, or - for standard input\./,
    );
    await expect(readLogLines(join(folder, "missing.gz"), () => undefined)).rejects.toThrow(
      /missing\.gz cannot be read: ENOENT/,
    );
    await expect(readLogLines(join(folder, "folder"), () => undefined)).rejects.toThrow(
      /folder cannot be read: EISDIR/,
    );
    await expect(readLogLines(join(folder, "broken.gz"), () => undefined)).rejects.toThrow(
      /broken\.gz cannot be read: incorrect header check/,
    );
  });

  test("an interrupt ends the reading", async () => {
    const aborted = AbortSignal.abort();
    await expect(readLogLines(join(folder, "a.log"), () => undefined, aborted)).rejects.toMatchObject({
      name: "AbortError",
    });
  });
});
