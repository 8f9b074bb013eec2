import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { FunctionInstance, FunctionLog } from "../../../../scripts/emulator/functions/function-instance";
import { folder, holdTimers, LONGEST_SECONDS, NOWHERE, REGION, until } from "../fixtures";

describe("function instance", () => {
  const TASK = { requestId: "r1", functionArn: "arn", traceId: "Root=1-a-b", payload: "{}" };

  afterEach(() => jest.useRealTimers());

  async function start(code: string, taskRoot = folder()): Promise<FunctionInstance> {
    writeFileSync(join(taskRoot, "index.mjs"), code);
    const version = {
      functionName: "f",
      version: "1",
      handler: "index.handler",
      runtime: "nodejs22.x",
      memoryMiB: 128,
      timeoutSeconds: LONGEST_SECONDS,
      environment: {},
      codeSha256: "",
    };
    return FunctionInstance.start({
      version,
      nodePath: process.execPath,
      taskRoot,
      region: REGION,
      endpoint: NOWHERE,
      log: new FunctionLog(taskRoot, "f"),
      logStream: "s",
    });
  }

  test("the first invocation reports the initialisation, the next ones do not", async () => {
    const instance = await start(
      `export const handler = async (event, context) => [context.awsRequestId, process.env._X_AMZN_TRACE_ID];`,
    );
    const first = await instance.invoke(TASK);
    expect(first).toMatchObject({ failed: false, payload: '["r1","Root=1-a-b"]' });
    expect(first.initMs).toBeGreaterThan(0);
    expect(await instance.invoke({ ...TASK, requestId: "r2" })).toMatchObject({
      payload: '["r2","Root=1-a-b"]',
      initMs: undefined,
    });
    await instance.kill();
    expect(instance.alive).toBe(false);
  });

  test("an invocation that hangs is billed the whole time-out and ends the environment", async () => {
    const taskRoot = folder();
    const instance = await start(
      `export const handler = () => new Promise(() => { console.log("hangs"); setInterval(() => undefined, 1_000); });`,
      taskRoot,
    );
    holdTimers();
    const invoked = instance.invoke(TASK);
    await until(() => readFileSync(join(taskRoot, "f.log"), "utf8").includes("hangs"));
    jest.advanceTimersByTime(LONGEST_SECONDS * 1_000);
    expect(await invoked).toMatchObject({
      failed: true,
      durationMs: 900_000,
      payload:
        '{"errorType":"Sandbox.Timedout","errorMessage":"RequestId: r1 Error: Task timed out after 900.00 seconds"}',
    });
    expect(instance.alive).toBe(false);
  });

  test("an error that no one catches ends the environment with its name", async () => {
    const instance = await start(
      `export const handler = () => new Promise(() => setTimeout(() => { throw new Error("later"); }, 10));`,
    );
    const { failed, payload } = await instance.invoke(TASK);
    expect([failed, JSON.parse(payload)]).toEqual([
      true,
      expect.objectContaining({ errorType: "Runtime.UnhandledException", errorMessage: "later" }),
    ]);
    expect(instance.alive).toBe(false);
  });

  test("an instance whose process cannot be started leaves no server that listens", async () => {
    const listening = () => process.getActiveResourcesInfo().filter((resource) => resource === "TCPServerWrap").length;
    const before = listening();
    // A number that is given to no file: that of a closed one may be another's by now.
    const log = { descriptor: 99_999 } as FunctionLog;
    const version = {
      functionName: "f",
      version: "1",
      runtime: "nodejs22.x",
      handler: "index.handler",
      memoryMiB: 128,
      timeoutSeconds: 1,
      environment: {},
      codeSha256: "",
    };
    await expect(
      FunctionInstance.start({
        version,
        nodePath: process.execPath,
        taskRoot: folder(),
        region: REGION,
        endpoint: NOWHERE,
        log,
        logStream: "s",
      }),
    ).rejects.toThrow("EBADF");
    // A server is gone a moment after it was closed.
    await until(() => listening() <= before);
  });
});

describe("function log", () => {
  test("a report has Lambda's fields, and initialisation is billed", () => {
    const directory = folder();
    const log = new FunctionLog(directory, "f");
    const version = {
      functionName: "f",
      version: "3",
      handler: "",
      runtime: "",
      memoryMiB: 512,
      timeoutSeconds: 3,
      environment: {},
      codeSha256: "",
    };
    log.start("id1", "3");
    log.report({ requestId: "id1", durationMs: 1.234, initMs: 70.5, maxMemoryUsedMiB: 60 }, version);
    log.report({ requestId: "id2", durationMs: 2, initMs: undefined, maxMemoryUsedMiB: undefined }, version);
    log.close();
    log.line("after the end");
    expect(readFileSync(join(directory, "f.log"), "utf8")).toBe(
      "START RequestId: id1 Version: 3\nEND RequestId: id1\n" +
        "REPORT RequestId: id1\tDuration: 1.23 ms\tBilled Duration: 72 ms\t" +
        "Memory Size: 512 MB\tMax Memory Used: 60 MB\tInit Duration: 70.50 ms\t\n" +
        "END RequestId: id2\nREPORT RequestId: id2\tDuration: 2.00 ms\tBilled Duration: 2 ms\tMemory Size: 512 MB\t\n",
    );
  });
});
