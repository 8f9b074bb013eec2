import { makeEnvironment, FunctionProcess, RuntimeApi } from "../../../../scripts/emulator/functions/function-process";
import { execFileSync } from "node:child_process";
import { openSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { folder, isAlive, until } from "../fixtures";

describe("function environment", () => {
  test("what Lambda sets wins over an applied variable of the same name", () => {
    const version = {
      functionName: "f",
      version: "3",
      handler: "index.handler",
      runtime: "nodejs22.x",
      memoryMiB: 512,
      timeoutSeconds: 3,
      environment: { AWS_REGION: "mine", A: "1" },
      codeSha256: "",
    };
    const environment = makeEnvironment({
      version,
      region: "eu-west-1",
      endpoint: "http://127.0.0.1:1",
      taskRoot: "/task",
      runtimeApi: "127.0.0.1:2",
      logStream: "s",
    });
    expect(
      makeEnvironment({
        version,
        region: "eu-west-1",
        endpoint: "",
        taskRoot: "",
        runtimeApi: "",
        logStream: "",
        processVariables: { NODE_EXTRA_CA_CERTS: "/ca.pem", A: "2", AWS_REGION: "other" },
      }),
    ).toMatchObject({ NODE_EXTRA_CA_CERTS: "/ca.pem", A: "1", AWS_REGION: "eu-west-1" });
    expect(environment).toMatchObject({
      A: "1",
      AWS_REGION: "eu-west-1",
      AWS_LAMBDA_FUNCTION_VERSION: "3",
      LAMBDA_TASK_ROOT: "/task",
      _HANDLER: "index.handler",
      AWS_EXECUTION_ENV: "AWS_Lambda_nodejs22.x",
      AWS_ACCESS_KEY_ID: "local-f",
    });
  });
});

describe("function process", () => {
  function options(directory: string, nodePath = process.execPath) {
    // Nothing listens there, so the runtime client gives up and ends.
    const environment = {
      AWS_LAMBDA_RUNTIME_API: "127.0.0.1:9",
      LAMBDA_TASK_ROOT: directory,
      _HANDLER: "index.handler",
    };
    return { nodePath, taskRoot: directory, environment, log: openSync(join(directory, "log"), "a") };
  }

  test("a process is frozen, thawed and killed, and tells its memory", async () => {
    const subject = FunctionProcess.start(options(folder()));
    subject.freeze();
    const state = () => readFileSync(`/proc/${subject.pid}/stat`, "utf8").split(" ")[2];
    await until(() => state() === "T");
    expect(subject.peakMemoryMiB()).toBeGreaterThan(0);
    subject.thaw();
    subject.kill();
    expect(await subject.exited).toBe("signal: SIGKILL");
    expect([subject.alive, isAlive(subject.pid!), subject.peakMemoryMiB()]).toEqual([false, false, undefined]);
  });

  test("a process whose host is gone ends by itself", async () => {
    expect(await FunctionProcess.start(options(folder())).exited).toBe("exit status 1");
  });

  test("a binary that cannot be started is reported", async () => {
    expect(await FunctionProcess.start(options(folder(), "/nowhere/node")).exited).toMatch(
      /^cannot be started: spawn \/nowhere\/node ENOENT/,
    );
  });

  test("processes requested together start one after the other, also after a failed start", async () => {
    let turns = 0;
    const count = () => {
      turns += 1;
      counting = setImmediate(count);
    };
    let counting = setImmediate(count);
    const at: number[] = [];
    const broken = FunctionProcess.startInTurn({ ...options(folder()), environment: { "A\0": "" } });
    const started = Promise.all(
      Array.from({ length: 4 }, async () => {
        const subject = await FunctionProcess.startInTurn(options(folder()));
        at.push(turns);
        return subject;
      }),
    );
    await expect(broken).rejects.toThrow("without null bytes");
    for (const subject of await started) subject.kill();
    clearImmediate(counting);
    expect(new Set(at).size).toBe(4);
  });

  test("when this process ends, so do the functions' processes, frozen ones too", async () => {
    const directory = folder();
    const source = join(__dirname, "..", "..", "..", "..", "scripts", "emulator", "functions", "function-process.ts");
    const script = `
    const { FunctionProcess } = require(${JSON.stringify(source)});
    const { openSync } = require("node:fs");
    const subject = FunctionProcess.start({
      nodePath: process.execPath,
      taskRoot: ${JSON.stringify(directory)},
      environment: {},
      log: openSync(${JSON.stringify(join(directory, "log"))}, "a"),
    });
    subject.freeze();
    console.log(subject.pid);
    throw new Error("crash");`;
    let output = "";
    try {
      execFileSync(process.execPath, ["--import", "tsx", "-e", script], {
        encoding: "utf8",
        stdio: ["ignore", "pipe", "ignore"],
        cwd: join(__dirname, "..", "..", ".."),
      });
    } catch (error) {
      output = (error as { stdout: string }).stdout; // It crashes on purpose.
    }
    expect(output).toMatch(/^\d+\n$/);
    await until(() => !isAlive(Number(output)));
  });
});

describe("runtime API", () => {
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
});
