import { readApplied } from "../../../../scripts/emulator/applied/applied";
import { Schedules } from "../../../../scripts/emulator/events/schedules";
import { functionArn, permission, resource, restApi, state } from "../fixtures";

const RULE = "arn:aws:events:us-east-1:123456789012:rule/beat";

function applied(rate: string, allowed = true, input: string | null = null) {
  const rule = resource("aws_cloudwatch_event_rule", "beat", { name: "beat", arn: RULE, schedule_expression: rate });
  const target = resource("aws_cloudwatch_event_target", "beat", { rule: "beat", arn: functionArn("api"), input });
  return readApplied(
    state(restApi({ paths: {} }), rule, target, allowed ? permission("api", "events.amazonaws.com", RULE) : []),
    () => undefined,
  );
}

function schedules() {
  const timers: { ms: number; fire: () => void; stopped: boolean }[] = [];
  const invoked: [string, unknown][] = [];
  const warnings: string[] = [];
  const subject = new Schedules({
    region: "us-east-1",
    now: () => Date.UTC(2026, 0, 2, 3, 4, 5),
    timers: {
      every: (ms, fire) => {
        const timer = { ms, fire, stopped: false };
        timers.push(timer);
        return () => void (timer.stopped = true);
      },
    },
    warn: (text) => warnings.push(text),
    invoke: (arn, payload) => {
      invoked.push([arn, JSON.parse(payload)]);
      return Promise.resolve({ kind: "throttled" });
    },
  });
  return { subject, timers, invoked, warnings };
}

test("a rule fires at its rate with EventBridge's event, or with the applied input", async () => {
  const { subject, timers, invoked, warnings } = schedules();
  subject.configure(applied("rate(5 minutes)"));
  timers[0]!.fire();
  subject.configure(applied("rate(5 minutes)", true, '{"own":true}'));
  timers[1]!.fire();
  await Promise.resolve();
  expect(timers.map(({ ms, stopped }) => [ms, stopped])).toEqual([
    [300_000, true],
    [300_000, false],
  ]);
  expect(invoked).toEqual([
    [
      functionArn("api"),
      {
        version: "0",
        id: expect.any(String) as string,
        "detail-type": "Scheduled Event",
        source: "aws.events",
        account: "123456789012",
        time: "2026-01-02T03:04:05Z",
        region: "us-east-1",
        resources: [RULE],
        detail: {},
      },
    ],
    [functionArn("api"), { own: true }],
  ]);
  expect(warnings[0]).toContain(
    "aws_cloudwatch_event_target.beat fired, and " +
      'arn:aws:lambda:us-east-1:123456789012:function:api:live ended with "throttled".',
  );
});

test("a reload keeps the timers of unchanged schedules, and stop ends all", () => {
  const { subject, timers } = schedules();
  subject.configure(applied("rate(5 minutes)"));
  subject.configure(applied("rate(5 minutes)"));
  expect(timers).toHaveLength(1);
  subject.configure(applied("rate(1 hour)"));
  expect(timers.map(({ stopped }) => stopped)).toEqual([true, false]);
  subject.stop();
  expect(timers.map(({ stopped }) => stopped)).toEqual([true, true]);
});

test("a rule without a permission for the alias is not fired, with a warning", () => {
  const { subject, timers, warnings } = schedules();
  subject.configure(applied("rate(5 minutes)", false));
  expect(timers).toEqual([]);
  expect(warnings[0]).toContain("no aws_lambda_permission lets events.amazonaws.com invoke");
});
