import { createServer, type Server } from "node:http";
import { existsSync, mkdirSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { ALIASES_OVERRIDE } from "../../../scripts/commands/canary/with-live";
import { TerraformDeployment } from "../../../scripts/commands/canary/terraform-deployment";
import { refuseDuringTuning } from "../../../scripts/commands/tuning-guard";
import { emptyRelease } from "../../../scripts/judges/canary/release";
import type { Exposed } from "../../../scripts/judges/tuning/exposure";
import { SILENT } from "../../../scripts/progress";
import type { Terraform } from "../../../scripts/tools/terraform";
import { temporaryFolder } from "../../support/temporary-folder";

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
