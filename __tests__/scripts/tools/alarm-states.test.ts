import { alarmStates } from "../../../scripts/tools/alarm-states";
import { answeringServer, type Answer } from "../../support/answering-server";

let answer: (count: number) => Answer;
let server: Awaited<ReturnType<typeof answeringServer>>;
beforeAll(async () => (server = await answeringServer((_, count) => answer(count))));
afterAll(() => server.stop());
beforeEach(() => (server.asked.length = 0));
const json = { "content-type": "application/x-amz-json-1.0" };
const ask = (names: readonly string[]) =>
  alarmStates(
    {
      region: "us-east-1",
      environment: { AWS_ENDPOINT_URL: server.url, AWS_ACCESS_KEY_ID: "a", AWS_SECRET_ACCESS_KEY: "b" },
    },
    names,
    new AbortController().signal,
  );

test("alarms of both kinds are asked by name, a hundred a call", async () => {
  answer = (count) => ({
    headers: json,
    body: JSON.stringify(
      count === 1
        ? {
            MetricAlarms: [{ AlarmName: "n0", StateValue: "OK" }],
            CompositeAlarms: [{ AlarmName: "n1", StateValue: "ALARM" }],
          }
        : { MetricAlarms: [{ AlarmName: "n100", StateValue: "INSUFFICIENT_DATA" }] },
    ),
  });
  const names = Array.from({ length: 101 }, (_, index) => `n${index}`);
  expect(await ask(names)).toEqual(
    new Map([
      ["n0", "OK"],
      ["n1", "ALARM"],
      ["n100", "INSUFFICIENT_DATA"],
    ]),
  );
  const asked = server.asked.map(({ body }) => JSON.parse(body) as { AlarmNames: string[]; AlarmTypes: string[] });
  expect(asked.map(({ AlarmNames }) => AlarmNames.length)).toEqual([100, 1]);
  expect(asked[0]!.AlarmTypes).toEqual(["MetricAlarm", "CompositeAlarm"]);
});

test("without a name nobody is asked", async () => {
  expect(await ask([])).toEqual(new Map());
  expect(server.asked).toEqual([]);
});

test("a refused call is told with the region, AWS's words and what to do", async () => {
  answer = () => ({
    status: 403,
    headers: { ...json, "x-amzn-query-error": "AccessDenied;Sender" },
    body: JSON.stringify({ __type: "AccessDenied", message: "not you" }),
  });
  await expect(ask(["a"])).rejects.toThrow(
    /^CloudWatch in us-east-1 does not answer DescribeAlarms \(AccessDenied\w*: not you\)\. It takes credentials with cloudwatch:DescribeAlarms; or give saved metrics by --metrics\.$/,
  );
});
