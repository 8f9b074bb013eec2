import { REPORT_FILTER, reportEvents, type LogEvent, type LogEventsQuery } from "../../../scripts/tools/log-events";
import { answeringServer, type Answer } from "../../support/answering-server";

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

test("every page is followed, an empty one too, and each event comes with its stream", async () => {
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
  const first = { logGroupName: GROUP, startTime: 1_000, endTime: 9_000, filterPattern: REPORT_FILTER };
  expect(asked).toEqual([first, { ...first, nextToken: "t1" }, { ...first, nextToken: "t2" }]);
});

test("a group that is not there is named, with the region and what to do; another refusal with the permission that it takes", async () => {
  const refused = (type: string) => read(() => page({ __type: type, message: "no" }, 400));
  await expect(refused("ResourceNotFoundException")).rejects.toThrow(
    `The log group ${GROUP} in us-east-1 cannot be read (ResourceNotFoundException: no). Such a group is /aws/lambda/<function>; aws logs describe-log-groups lists them.`,
  );
  await expect(refused("AccessDeniedException")).rejects.toThrow(
    "(AccessDeniedException: no). It takes logs:FilterLogEvents on the group.",
  );
});

test("without a region nothing is called", async () => {
  await expect(read(() => page({}), { environment: {} })).rejects.toThrow(
    `The log group ${GROUP} is read from an AWS region, and none is set. Set AWS_REGION.`,
  );
});
