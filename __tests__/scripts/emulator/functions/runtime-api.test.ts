import { RuntimeApi } from "../../../../scripts/emulator/functions/runtime-api";

const TASK = { requestId: "r1", deadlineMs: 5, functionArn: "arn", traceId: "t", payload: '{"a":1}' };

test("a process asks, is given its work, and answers", async () => {
  const api = await RuntimeApi.listen();
  const base = `http://${api.address}/2018-06-01/runtime`;
  const said: string[] = [];
  const say = (kind: string) => (payload: string) => void said.push(`${kind} ${payload}`);
  const asked = new Promise<void>((next) =>
    api.connect({ next, response: say("response"), error: say("error"), initError: say("init") }),
  );
  const work = fetch(`${base}/invocation/next`);
  await asked;
  api.deliver(TASK);
  const given = await work;
  expect(await given.text()).toBe('{"a":1}');
  expect(
    [
      "lambda-runtime-aws-request-id",
      "lambda-runtime-deadline-ms",
      "lambda-runtime-invoked-function-arn",
      "lambda-runtime-trace-id",
    ].map((name) => given.headers.get(name)),
  ).toEqual(["r1", "5", "arn", "t"]);
  for (const path of ["invocation/r1/response", "invocation/r1/error", "init/error"])
    expect((await fetch(`${base}/${path}`, { method: "POST", body: "x" })).status).toBe(202);
  expect(said).toEqual(["response x", "error x", "init x"]);
  expect((await fetch(`${base}/other`)).status).toBe(404);
  expect(() => api.deliver(TASK)).toThrow("The function's process does not wait for work (request r1).");
  api.close();
});
