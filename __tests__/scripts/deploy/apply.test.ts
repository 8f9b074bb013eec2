import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { applyAdopting } from "../../../scripts/deploy/apply";
import { applyPlan } from "../../../scripts/deploy/apply-plan";
import { SILENT } from "../../../scripts/kit/context";
import { Terraform } from "../../../scripts/kit/terraform";
import { TerraformFailed } from "../../../scripts/kit/terraform-messages";
import { answeringServer } from "../../support/answering-server";
import { temporaryFolder } from "../../support/temporary-folder";
import { OURS, made, planOf, type Change } from "./adoption-plans";

describe("adopt", () => {
  /** Answers as it is told. The real terraform is killed and adopts in e2e/killed-apply. */
  class ScriptedTerraform extends Terraform {
    readonly imported: unknown[] = [];
    applies = 0;

    /** `round`: what a plan shows and what its apply fails with, by what is imported. */
    constructor(
      directory: string,
      env: NodeJS.ProcessEnv,
      private readonly round: (imports: readonly { to: string; id: string }[]) => {
        plan: unknown;
        failures?: { address?: string; summary: string; detail: string }[];
      },
    ) {
      super({ directory, env });
    }
    private imports() {
      const path = join(this.directory, "adopt.tf.json");
      return existsSync(path)
        ? (JSON.parse(readFileSync(path, "utf8")) as { import: { to: string; id: string }[] }).import
        : [];
    }
    override async plan() {
      this.imported.push(this.imports());
      return true;
    }
    override async show() {
      return this.round(this.imports()).plan;
    }
    override async applyPlan() {
      this.applies += 1;
      const { failures = [] } = this.round(this.imports());
      if (failures.length > 0) throw new TerraformFailed(failures, {});
    }
    override async output() {
      return { api_endpoint: "https://there" };
    }
  }

  const exists = (address: string) => ({
    address,
    summary: "creating: EntityAlreadyExists: it already exists",
    detail: "",
  });
  const role = (name: string) => made(`aws_iam_role.${name}`, { name, tags_all: OURS });
  const adoptedRole = (name: string, tags: unknown = OURS): Change => ({
    address: `aws_iam_role.${name}`,
    actions: ["no-op"],
    before: { id: name, tags_all: tags },
    after: { name, tags_all: OURS },
    importing: name,
  });
  const yes = { approve: async () => true, progress: SILENT, signal: new AbortController().signal };
  const noFile = (folder: string) => expect(existsSync(join(folder, "adopt.tf.json"))).toBe(false);

  test("each round adopts what the apply before was refused, and the file is removed at the end", async () => {
    const folder = temporaryFolder("adopt");
    const names = ["a", "b", "c"];
    const terraform = new ScriptedTerraform(folder, {}, (imports) => ({
      plan: planOf(...names.map((name, index) => (index < imports.length ? adoptedRole(name) : role(name)))),
      failures: names.slice(imports.length, imports.length + 1).map((name) => exists(`aws_iam_role.${name}`)),
    }));
    const { exitCode, text, json } = await applyAdopting(terraform, {}, yes);
    const adopted = names.map((name) => ({ to: `aws_iam_role.${name}`, id: name }));
    expect({ exitCode, json }).toMatchObject({ exitCode: 0, json: { applied: true, adopted, surplus: [] } });
    expect(text).toBe(
      "Adopted 3:\n" +
        "    = aws_iam_role.a  (adopted: a)\n    = aws_iam_role.b  (adopted: b)\n    = aws_iam_role.c  (adopted: c)\n" +
        "0 added, 0 changed, 0 destroyed.\napi_endpoint  https://there\nNext: quickturn verify --smoke",
    );
    expect(terraform.imported).toEqual([[], adopted.slice(0, 1), adopted.slice(0, 2), adopted]);
    noFile(folder);
  });

  test("what a failed round replaces is not imported again, because it may be deleted by then", async () => {
    const folder = temporaryFolder("adopt");
    const permission = { function_name: "f", statement_id: "tick" };
    const address = "aws_lambda_permission.tick";
    // The server knows no function, so that the permission is found by the refusal alone.
    const server = await answeringServer(() => ({
      status: 404,
      headers: { "x-amzn-errortype": "ResourceNotFoundException" },
      body: "{}",
    }));
    const terraform: ScriptedTerraform = new ScriptedTerraform(
      folder,
      { AWS_ENDPOINT_URL: server.url, AWS_REGION: "us-east-1", AWS_ACCESS_KEY_ID: "a", AWS_SECRET_ACCESS_KEY: "b" },
      (imports) => ({
        plan: planOf(
          imports.some(({ to }) => to === address)
            ? { address, actions: ["delete", "create"], before: permission, after: permission, importing: "f/tick" }
            : made(address, permission),
          role("b"),
        ),
        failures: [[], [exists(address)], [exists("aws_iam_role.b")]][terraform.applies] ?? [],
      }),
    );
    await applyAdopting(terraform, {}, yes).finally(server.stop);
    expect(terraform.imported).toEqual([[], [{ to: address, id: "f/tick" }], [{ to: "aws_iam_role.b", id: "b" }]]);
  });

  test("another failure is thrown as it is, and so is a refusal that adopting did not solve", async () => {
    const folder = temporaryFolder("adopt");
    const denied = new ScriptedTerraform(folder, {}, () => ({
      plan: planOf(role("a")),
      failures: [{ address: "aws_iam_role.a", summary: "AccessDenied", detail: "" }],
    }));
    await expect(applyAdopting(denied, {}, yes)).rejects.toThrow("AccessDenied\n  with aws_iam_role.a");
    const again = new ScriptedTerraform(folder, {}, () => ({
      plan: planOf(role("a")),
      failures: [exists("aws_iam_role.a")],
    }));
    await expect(applyAdopting(again, {}, yes)).rejects.toThrow("it already exists");
    expect([denied.applies, again.applies]).toEqual([1, 2]);
    noFile(folder);
  });

  test("a resource of another deployment is not adopted, and nothing of that plan is applied", async () => {
    const folder = temporaryFolder("adopt");
    const terraform = new ScriptedTerraform(folder, {}, (imports) => ({
      plan: planOf(imports.length > 0 ? adoptedRole("a", { ...OURS, "quickturn:environment": "prod" }) : role("a")),
      failures: [exists("aws_iam_role.a")],
    }));
    await expect(applyAdopting(terraform, {}, yes)).rejects.toThrow(
      /^Not to be adopted:\n {2}aws_iam_role\.a \(a\): its tags .*"prod", .*"dev"\nNothing was applied of this plan\./,
    );
    expect(terraform.applies).toBe(1);
    noFile(folder);
  });

  test("without approval nothing is applied", async () => {
    const terraform = new ScriptedTerraform(temporaryFolder("adopt"), {}, () => ({ plan: planOf(role("a")) }));
    expect(await applyAdopting(terraform, {}, { ...yes, approve: async () => false })).toMatchObject({
      exitCode: 1,
      text: "Nothing was applied.",
      json: { applied: false },
    });
    expect(terraform.applies).toBe(0);
  });

  test("the file of a killed adoption is removed before the first plan", async () => {
    const folder = temporaryFolder("adopt");
    writeFileSync(join(folder, "adopt.tf.json"), JSON.stringify({ import: [{ to: "aws_iam_role.r", id: "r" }] }));
    const terraform = new ScriptedTerraform(folder, {}, () => ({ plan: planOf() }));
    await applyAdopting(terraform, {}, yes);
    expect(terraform.imported).toEqual([[]]);
  });

  describe("an API that a killed apply has made", () => {
    const API = { name: "q-dev-api", tags_all: OURS };
    const makes = made("aws_api_gateway_rest_api.rest", API);
    const withApis = async (ids: readonly string[], status = 200) => {
      const server = await answeringServer(() => ({
        status,
        body: JSON.stringify({
          item: ids.map((id, createdDate) => ({ id, name: "q-dev-api", createdDate, tags: OURS })),
        }),
      }));
      stops.push(server.stop);
      return { AWS_ENDPOINT_URL: server.url, AWS_ACCESS_KEY_ID: "a", AWS_SECRET_ACCESS_KEY: "b" };
    };
    const stops: (() => Promise<void>)[] = [];
    afterAll(() => Promise.all(stops.map((stop) => stop())));
    const plan = {
      changed: true,
      changes: [
        {
          address: "aws_api_gateway_rest_api.rest",
          type: "aws_api_gateway_rest_api",
          action: "create",
          attributes: [],
          values: [],
        },
      ],
      publishes: [],
    } as const;

    test("is adopted before a second one is made; a surplus one is named with a command to delete it", async () => {
      const imported: Change = {
        address: "aws_api_gateway_rest_api.rest",
        actions: ["update"],
        before: { id: "first", tags_all: OURS },
        after: API,
        importing: "first",
      };
      const terraform = new ScriptedTerraform(
        temporaryFolder("adopt"),
        await withApis(["first", "second"]),
        (imports) => ({ plan: planOf(imports.length > 0 ? imported : makes) }),
      );
      const { text } = await applyAdopting(terraform, {}, yes);
      expect(text).toContain("Adopted 1:\n    = aws_api_gateway_rest_api.rest  (adopted: first)");
      expect(text).toContain(
        "nobody deletes it but you:\n  q-dev-api second: aws apigateway delete-rest-api --rest-api-id second",
      );
      expect(terraform.applies).toBe(1);
    });

    test("without --adopt the apply is refused before it begins, with what to do", async () => {
      const terraform = new ScriptedTerraform(temporaryFolder("adopt"), await withApis(["first"]), () => ({
        plan: planOf(makes),
      }));
      await expect(applyPlan(terraform, plan, { progress: SILENT })).rejects.toThrow(
        "  aws_api_gateway_rest_api.rest (first)\n" +
          "Nothing was applied. If a killed apply made it, run again with --adopt",
      );
      expect(terraform.applies).toBe(0);
    });

    test("credentials that may not list may still apply, with a note", async () => {
      const notes: string[] = [];
      const terraform = new ScriptedTerraform(temporaryFolder("adopt"), await withApis([], 403), () => ({
        plan: planOf(makes),
      }));
      expect(
        await applyPlan(terraform, plan, {
          progress: { ...SILENT, note: (text) => void notes.push(text) },
        }),
      ).toMatchObject({
        exitCode: 0,
      });
      expect(notes.join()).toMatch(/^It is not known whether a killed apply has left something behind: GET \/restapis/);
    });
  });

  test("without --adopt a failed apply names what exists already, and what to do", async () => {
    const terraform = new ScriptedTerraform(temporaryFolder("adopt"), {}, () => ({
      plan: planOf(role("a")),
      failures: [exists("aws_iam_role.a")],
    }));
    await expect(
      applyPlan(terraform, { changed: true, changes: [], publishes: [] }, { progress: SILENT }),
    ).rejects.toThrow(
      /^There already, .* state:\n {2}aws_iam_role\.a \(a\)\n.* again with --adopt[^]*EntityAlreadyExists/,
    );
  });
});
