import { createServer, type Server } from "node:http";
import { existsSync, mkdirSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { ALIASES_OVERRIDE } from "../../../scripts/deploy/live-input";
import { TerraformDeployment } from "../../../scripts/deploy/canary-target";
import type { ExposedFunction } from "../../../scripts/deploy/plan-functions";
import { refuseDuringTuning } from "../../../scripts/deploy/temporary-versions";
import { emptyRelease } from "../../../scripts/deploy/release";
import { SILENT } from "../../../scripts/kit/context";
import type { Terraform } from "../../../scripts/kit/terraform";
import { temporaryFolder } from "../../support/temporary-folder";

describe("a plan during a tuning", () => {
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

  const worker: ExposedFunction = { name: "worker", functionName: "q-worker", versions: null };
  const notes: string[] = [];
  const refuse = (...exposed: ExposedFunction[]) =>
    refuseDuringTuning(terraform, { plan: {}, exposed, progress: { note: (text) => void notes.push(text) } });

  test("a function with temporary versions is refused, with what to do", async () => {
    await expect(refuse(worker)).rejects.toThrow(
      "q-worker has versions that exist only for a tuning (7), which runs or was killed. This plan would make " +
        "one live, or publish a version while the size changes. Nothing was applied. Let the tuning end; where " +
        "none runs: quickturn tune --cleanup.",
    );
    await expect(refuse({ ...worker, name: "api", functionName: "q-api" })).rejects.toThrow(
      "where none runs: quickturn tune --function api --cleanup.",
    );
  });

  test("an alias may move to any version but a temporary one", async () => {
    await refuse({ ...worker, versions: ["6"] });
    await expect(refuse({ ...worker, versions: ["7"] })).rejects.toThrow("(7)");
  });

  test("AWS is not asked where nothing is exposed", async () => {
    await refuse();
    expect(asked).toEqual([]);
  });

  test("credentials that may not list versions may still plan, with a note", async () => {
    status = 403;
    await refuse(worker);
    expect(notes).toEqual(["It is not known whether a tuning is under way: not yours"]);
  });

  test("an alias that is not pinned may not follow to a temporary version, and the override is removed", async () => {
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
        directory: folder,
        plan: async () => true,
        show: async () => planned(version),
        output: async () => ({ settings: {} }),
      } as unknown as Terraform;
      return new TerraformDeployment(moving, {
        whose: { projectDirectory: folder },
        input: {},
        progress: SILENT,
      }).plan(emptyRelease("q"), "aliases");
    };
    await expect(plan("7")).rejects.toThrow("q-api has versions that exist only for a tuning (7)");
    expect(existsSync(join(folder, ALIASES_OVERRIDE))).toBe(false);
    expect((await plan("6")).changes).toHaveLength(1);
  });
});
