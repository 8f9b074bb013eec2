import { createServer, type Server } from "node:http";
import { existsSync, mkdirSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { ALIASES_OVERRIDE } from "../../../scripts/deploy/live-input";
import { TerraformDeployment } from "../../../scripts/deploy/canary-deployment";
import { refuseDuringTuning, type Exposed, exposedFunctions, movedAliases } from "../../../scripts/deploy/tuning-guard";
import { emptyRelease } from "../../../scripts/deploy/release";
import { SILENT } from "../../../scripts/kit/context";
import type { Terraform } from "../../../scripts/kit/terraform";
import { temporaryFolder } from "../../support/temporary-folder";

describe("tuning guard", () => {
  /** Lambda's list of versions on loopback; the emulator has a part of its own in e2e/rollback. */
  const VERSIONS = [
    { Version: "$LATEST" },
    { Version: "6", Description: "" },
    { Version: "7", Description: "quickturn tune, temporary, 1024 MB" },
  ];
  let server: Server;
  let asked: string[];
  let status: number;
  let terraform: Terraform;

  beforeAll(async () => {
    server = createServer((request, response) => {
      asked.push(request.url ?? "");
      response
        .writeHead(status, { "content-type": "application/json", "x-amzn-errortype": "AccessDeniedException" })
        .end(JSON.stringify(status === 200 ? { Versions: VERSIONS } : { message: "not yours" }));
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    terraform = {
      environment: {
        AWS_ENDPOINT_URL: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
        AWS_ACCESS_KEY_ID: "test",
        AWS_SECRET_ACCESS_KEY: "test",
        AWS_REGION: "us-east-1",
      },
    } as unknown as Terraform;
  });
  afterAll(() => new Promise((resolve) => server.close(resolve)));
  beforeEach(() => {
    asked = [];
    status = 200;
  });

  const worker: Exposed = { name: "worker", functionName: "q-worker", versions: null };
  const notes: string[] = [];
  const refuse = (...exposed: Exposed[]) => refuseDuringTuning(terraform, {}, exposed, (text) => void notes.push(text));

  test("a function with temporary versions is named with them, and with what to do", async () => {
    await expect(refuse(worker)).rejects.toThrow(
      "q-worker has versions that are there for a tuning alone (7): one runs, or was killed. This plan would make one live, or publish a version while the size changes. Nothing was applied. Let the tuning end; where none runs: quickturn tune --cleanup.",
    );
    await expect(refuse({ ...worker, name: "api", functionName: "q-api" })).rejects.toThrow(
      "where none runs: quickturn tune --function api --cleanup.",
    );
  });

  test("an alias that moves to another version than a temporary one is let through, and to one it is refused", async () => {
    await refuse({ ...worker, versions: ["6"] });
    await expect(refuse({ ...worker, versions: ["7"] })).rejects.toThrow("(7)");
  });

  test("AWS is not asked where nothing is exposed", async () => {
    await refuse();
    expect(asked).toEqual([]);
  });

  test("who may not list versions is told so, and goes on", async () => {
    status = 403;
    await refuse(worker);
    expect(notes).toEqual(["It is not known whether a tuning is under way: not yours"]);
  });

  test("where aliases alone move, one that is not pinned and would follow to a temporary version is refused, and nothing is left behind", async () => {
    const folder = temporaryFolder("tuning-guard");
    mkdirSync(folder, { recursive: true });
    const leadsTo = (version: string) => ({ function_name: "q-api", function_version: version, routing_config: [] });
    const planned = (version: string) => ({
      resource_changes: [
        {
          address: "aws_lambda_alias.api_live_alias",
          type: "aws_lambda_alias",
          mode: "managed",
          change: { actions: ["update"], before: leadsTo("5"), after: leadsTo(version), after_unknown: {} },
        },
      ],
    });
    const plan = (version: string) => {
      const moving = {
        ...terraform,
        plan: async () => true,
        show: async () => planned(version),
        output: async () => ({ settings: {} }),
      } as unknown as Terraform;
      return new TerraformDeployment(moving, {
        whose: { projectDirectory: folder },
        stackDirectory: folder,
        input: {},
        progress: SILENT,
      }).plan(emptyRelease("q"), "aliases");
    };
    await expect(plan("7")).rejects.toThrow("q-api has versions that are there for a tuning alone (7)");
    expect(existsSync(join(folder, ALIASES_OVERRIDE))).toBe(false);
    expect((await plan("6")).changes).toHaveLength(1);
  });
});

describe("exposure", () => {
  const WORKER = "aws_lambda_function.worker_function";
  const AS_APPLIED = { function_name: "q-worker", memory_size: 512, version: "6", reserved_concurrent_executions: 10 };
  const found = (after: object, address = WORKER) => ({
    address,
    type: "aws_lambda_function",
    mode: "managed",
    change: { actions: ["update"], before: AS_APPLIED, after: { ...AS_APPLIED, ...after } },
  });
  const change = (before: object | null, unknown: object, address = WORKER) => ({
    address,
    type: "aws_lambda_function",
    mode: "managed",
    change: { actions: [before === null ? "create" : "update"], before, after: AS_APPLIED, after_unknown: unknown },
  });
  const EXPOSED = { name: "worker", functionName: "q-worker", versions: null };

  test.each([
    ["AWS has a newer version", { resource_drift: [found({ version: "7" })] }],
    ["AWS has another memory", { resource_drift: [found({ memory_size: 1024 })] }],
    ["the plan publishes a version", { resource_changes: [change(AS_APPLIED, { version: true })] }],
    [
      "both",
      { resource_drift: [found({ memory_size: 1024 })], resource_changes: [change(AS_APPLIED, { version: true })] },
    ],
  ])("a function is exposed where %s", (_, plan) => expect(exposedFunctions(plan)).toEqual([EXPOSED]));

  test("the front door is told from the worker", () =>
    expect(
      exposedFunctions({
        resource_drift: [found({ function_name: "q-api", version: "7" }, "aws_lambda_function.api_function")].map(
          (each) => ({ ...each, change: { ...each.change, before: { ...AS_APPLIED, function_name: "q-api" } } }),
        ),
      }),
    ).toEqual([{ name: "api", functionName: "q-api", versions: null }]));

  test.each([
    ["nothing differs", {}],
    ["something else of it was changed by hand", { resource_drift: [found({ reserved_concurrent_executions: 20 })] }],
    ["it is made now", { resource_changes: [change(null, { version: true })] }],
    ["it changes and publishes nothing", { resource_changes: [change(AS_APPLIED, {})] }],
    [
      "it has no versions that are live",
      { resource_drift: [found({ version: "7" }, "aws_lambda_function.sweeper_function")] },
    ],
  ])("it is not where %s", (_, plan) => expect(exposedFunctions(plan)).toEqual([]));

  const alias = (before: object | null, after: object | null, address = "aws_lambda_alias.api_live_alias") => ({
    resource_changes: [
      {
        address,
        type: "aws_lambda_alias",
        mode: "managed",
        change: { actions: ["update"], before, after, after_unknown: {} },
      },
    ],
  });
  const leadsTo = (version: string, weights: object | null = null) => ({
    function_name: "q-api",
    function_version: version,
    routing_config: weights === null ? [] : [{ additional_version_weights: weights }],
  });

  test.each([
    ["all calls", alias(leadsTo("6"), leadsTo("7")), ["7"]],
    ["a share of them", alias(leadsTo("6"), leadsTo("6", { "7": 0.1 })), ["7"]],
    ["both", alias(leadsTo("6", { "7": 0.1 }), leadsTo("8", { "9": 0.1 })), ["8", "9"]],
    ["all, where a share went before: none that is new", alias(leadsTo("6", { "7": 0.5 }), leadsTo("7")), null],
  ])("an alias moves with %s", (_, plan, versions) =>
    expect(movedAliases(plan)).toEqual(versions === null ? [] : [{ name: "api", functionName: "q-api", versions }]),
  );

  test.each([
    ["its version is known only after the apply", alias(leadsTo("6"), { function_name: "q-api" })],
    ["it is deleted", alias(leadsTo("6"), null)],
    ["it is no function's of the stack", alias(leadsTo("6"), leadsTo("7"), "aws_lambda_alias.other")],
  ])("nothing is looked up where %s", (_, plan) => expect(movedAliases(plan)).toEqual([]));
});
