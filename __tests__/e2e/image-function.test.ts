import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { unzipSync } from "fflate";
import { FunctionInstance, FunctionLog } from "../../scripts/emulator/functions/function-instance";
import { imageProcess } from "../support/image-function";
import { findNodeBinary } from "../../scripts/kit/node-binary";
import { writeFolder } from "../../scripts/kit/files";
import type { ImageRoot } from "../../scripts/image/image-stages";
import { executedImage } from "../support/executed-image";
import { PROJECT } from "../support/stack-json";
import { folder, LONGEST_SECONDS, NOWHERE, REGION } from "../scripts/emulator/fixtures";
import { gatewayEvent } from "../handlers/fixtures";

const API = {
  AUTHORIZATION: "none",
  CALLER_QUOTA_PER_DAY: "0",
  DEPLOYMENT: "quickturn-dev",
  ORIGIN_SECRET_SHA256: "",
  QUERY_CACHE_TTL_SECONDS: "60",
  REQUEST_DEADLINE_SECONDS: "3600",
  REQUEST_RETENTION_DAYS: "7",
  REQUESTS_TABLE: "requests",
  RESULTS_BUCKET: "results",
  WORK_QUEUE_URL: "http://127.0.0.1:9/work",
};
const AUTHORIZER = {
  DEPLOYMENT: "quickturn-dev",
  JWT_AUDIENCES: '["agents"]',
  JWT_CLOCK_SKEW_SECONDS: "60",
  JWT_ISSUER: "https://127.0.0.1:9/",
  JWT_SCOPES: "[]",
};
const VERSION = {
  functionName: "f",
  version: "1",
  handler: "index.handler",
  runtime: "nodejs22.x",
  memoryMiB: 512,
  timeoutSeconds: LONGEST_SECONDS,
  environment: API,
  codeSha256: "",
};
let image: ImageRoot;
let nodePath: string;
beforeAll(async () => {
  image = await executedImage();
  nodePath = findNodeBinary("nodejs22.x", process.env).path;
});

const running: FunctionInstance[] = [];
afterEach(() => Promise.all(running.splice(0).map((instance) => instance.kill())));

type Kind = "zip" | "image";
type FunctionName = "api" | "authorizer" | "sweeper" | "worker";

async function start(
  kind: Kind,
  name: FunctionName,
  version = VERSION,
): Promise<FunctionInstance & { readonly logFile: string }> {
  const work = folder();
  const common = { nodePath, region: REGION, endpoint: NOWHERE, log: new FunctionLog(work, "f"), logStream: "s" };
  const instance = await FunctionInstance.start({
    ...common,
    ...(kind === "zip" ? zipProcess(name, version) : imageProcess(image, version, [`${name}/index.handler`])),
  });
  running.push(instance);
  return Object.assign(instance, { logFile: join(work, "f.log") });
}

function zipProcess(name: FunctionName, version: typeof VERSION) {
  const taskRoot = folder();
  writeFolder(taskRoot, unzipSync(readFileSync(join(PROJECT, "dist", "functions", `${name}.zip`))));
  return { version, taskRoot };
}

const task = (payload: unknown) => ({
  requestId: "r1",
  functionArn: "arn",
  traceId: "Root=1-a-b",
  payload: JSON.stringify(payload),
});
const answer = async (instance: FunctionInstance, payload: unknown) => {
  const { failed, payload: text } = await instance.invoke(task(payload));
  return { failed, answer: JSON.parse(text) as { statusCode?: number; body?: string; errorMessage?: string } };
};

describe.each<Kind>(["zip", "image"])("from a %s", (kind) => {
  test("the front door lives, and says that what it needs does not answer", async () => {
    const instance = await start(kind, "api");
    expect(await answer(instance, gatewayEvent({ resource: "/api/v1/health", httpMethod: "GET" }))).toMatchObject({
      failed: false,
      answer: { statusCode: 200 },
    });
    expect(
      (
        await answer(
          instance,
          gatewayEvent({
            resource: "/api/v1/health",
            httpMethod: "GET",
            queryStringParameters: { probe: "readiness" },
          }),
        )
      ).answer.statusCode,
    ).toBe(503);
    expect((await answer(instance, gatewayEvent({ resource: "/nowhere" }))).answer).toMatchObject({
      statusCode: 404,
      body: expect.stringContaining("route_not_found") as unknown,
    });
  });

  test("the authorizer refuses a caller without a token", async () => {
    const instance = await start(kind, "authorizer", {
      ...VERSION,
      memoryMiB: 256,
      environment: AUTHORIZER as unknown as typeof API,
    });
    expect(
      await answer(instance, {
        type: "REQUEST",
        methodArn: "arn:aws:execute-api:us-east-1:123456789012:api/live/GET/api/v1/status/x",
        headers: {},
      }),
    ).toMatchObject({ failed: true, answer: { errorMessage: "Unauthorized" } });
  });

  test.each<FunctionName>(["worker", "sweeper"])(
    "the %s without its environment does not start, and says what is missing",
    async (name) => {
      const instance = await start(kind, name, { ...VERSION, environment: {} as typeof API });
      expect((await answer(instance, {})).answer.errorMessage).toContain("DEPLOYMENT is missing");
    },
  );
});

test("the image holds the functions of the zips, byte for byte, and no package beside them", () => {
  const task = join(image.folder, "var", "task");
  expect(readdirSync(task).sort()).toEqual(["api", "authorizer", "sweeper", "worker"]);
  for (const name of readdirSync(task)) {
    const zip = unzipSync(readFileSync(join(PROJECT, "dist", "functions", `${name}.zip`)));
    expect(readdirSync(join(task, name)).sort()).toEqual(Object.keys(zip).sort());
    for (const [file, content] of Object.entries(zip))
      expect(readFileSync(join(task, name, file)).equals(Buffer.from(content))).toBe(true);
  }
});

test("a function of the image takes its code cache under the memory that it was made for, and makes do without under another", async () => {
  const taken = async (memoryMiB: number) => {
    const version = { ...VERSION, memoryMiB, environment: { ...API, NODE_DEBUG_NATIVE: "COMPILE_CACHE" } };
    const instance = await start("image", "api", version);
    expect(
      (await answer(instance, gatewayEvent({ resource: "/api/v1/health", httpMethod: "GET" }))).answer.statusCode,
    ).toBe(200);
    return /cache for .*var\/task\/api\/index\.mjs was accepted|index\.mjs.*(accepted|success)/i.test(
      readFileSync(instance.logFile, "utf8"),
    );
  };
  expect([await taken(512), await taken(640)]).toEqual([true, false]);
});
