import { mkdirSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { MODULES, modules } from "../../../scripts/publish/modules";
import { SETTINGS } from "../../../stacks/contract/settings";
import { SILENT_CONTEXT } from "../../support/module-stacks";
import { PART_NAMES } from "../../support/part-stacks";
import { PROJECT, type StackJson } from "../../support/stack-json";
import { normalizeJson, readHcl } from "../../support/read-hcl";
import { temporaryFolder } from "../../support/temporary-folder";

const synthesized = join(PROJECT, "cdktf.out");
const write = (out: string) => modules(SILENT_CONTEXT, { out, synthesized });

const utf8 = (text: string) => Buffer.from(text, "latin1").toString("utf8");

/** Every file below a folder, by path. */
function content(folder: string): Record<string, string> {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
  return Object.fromEntries(files.sort().map((file) => [file.slice(folder.length + 1), readFileSync(file, "latin1")]));
}

const folder = temporaryFolder("modules");
let files: Record<string, string>;
let written: Awaited<ReturnType<typeof write>>;
beforeAll(async () => {
  written = await write(folder);
  files = content(join(folder, "agent-api"));
});
const agentApi = () => JSON.parse(readFileSync(join(synthesized, "stacks/agent-api/cdk.tf.json"), "utf8")) as StackJson;
const json = (name: string) =>
  JSON.parse(readFileSync(join(folder, "agent-api", name), "utf8")) as Record<
    string,
    Record<string, Record<string, unknown>>
  >;

test("the module has Terraform files, zips, a README, examples, tests and the license", () => {
  expect(Object.keys(files)).toEqual([
    "LICENSE",
    "README.md",
    "RUNBOOK.md",
    "assets/api.zip",
    "assets/authorizer.zip",
    "assets/sweeper.zip",
    "assets/worker.zip",
    "examples/basic/main.tf",
    "examples/two-teams/main.tf",
    "main.tf.json",
    "outputs.tf.json",
    "tests/optimizations.tftest.hcl",
    "tests/refused.tftest.hcl",
    "variables.tf.json",
    "versions.tf.json",
  ]);
});

test("the result names each module's folder and its files", () => {
  const { exitCode, text, json: said } = written;
  expect(exitCode).toBe(0);
  expect(text.split("\n").map((line) => basename(line))).toEqual(
    ["", "terraform-aws-"].flatMap((prefix) => MODULES.map(({ name }) => `${prefix}${name}`)),
  );
  expect((said as { modules: unknown[] }).modules[0]).toEqual({
    name: "agent-api",
    directory: join(folder, "agent-api"),
    files: Object.keys(files),
  });
});

test("every setting but the region is a variable, every output exists, and all have descriptions", () => {
  const { variable = {} } = json("variables.tf.json");
  expect(Object.keys(variable).sort()).toEqual(
    SETTINGS.map(({ name }) => name)
      .filter((name) => name !== "aws_region")
      .sort(),
  );
  const { output = {} } = json("outputs.tf.json");
  expect(Object.keys(output)).toEqual(Object.keys(agentApi().output));
  for (const { description } of [...Object.values(variable), ...Object.values(output)])
    expect(description).toMatch(/\S\.$|\S\)$|\S$/);
});

test("every resource, precondition and check of the stack is in the module", () => {
  const { resource = {}, check } = json("main.tf.json");
  const stack = agentApi();
  expect(check).toEqual(stack.check);
  expect(Object.entries(resource).map(([type, named]) => [type, Object.keys(named)])).toEqual(
    Object.entries(stack.resource).map(([type, named]) => [type, Object.keys(named)]),
  );
  const preconditions = (text: string) => text.match(/"precondition"/g)?.length;
  expect(preconditions(files["main.tf.json"]!)).toBe(preconditions(JSON.stringify(stack.resource)));
  expect(preconditions(files["main.tf.json"]!)).toBeGreaterThan(2);
});

test("no file contains a provider block, a backend, a path of this machine or cdktf's metadata", () => {
  for (const [name, text] of Object.entries(files).filter(([path]) => path.endsWith(".json"))) {
    expect([name, /"provider"|"backend"|"metadata"|"prevent_destroy"|var\.aws_region/.exec(text)?.[0]]).toEqual([
      name,
      undefined,
    ]);
  }
  for (const [name, text] of Object.entries(files).filter(([path]) => !path.endsWith(".zip"))) {
    expect([name, text.includes(PROJECT) || text.includes(folder)]).toEqual([name, false]);
  }
  const filenames = files["main.tf.json"]!.match(/"filename": "(?:[^"\\]|\\.)*"/g) ?? [];
  expect(filenames.map((filename) => /"(\$\{path\.module\}[^"]*?)\\"/.exec(filename)?.[1])).toEqual(
    ["api", "authorizer", "sweeper", "worker"].map((each) => `\${path.module}/assets/${each}.zip`),
  );
});

test.each(PART_NAMES)(
  "%s has Terraform files, a README, an example, tests and the license, without provider, backend or metadata",
  (name) => {
    const part = content(join(folder, name));
    expect(Object.keys(part)).toEqual([
      "LICENSE",
      "README.md",
      "examples/basic/main.tf",
      "main.tf.json",
      "outputs.tf.json",
      "tests/behaviour.tftest.hcl",
      "tests/refused.tftest.hcl",
      "variables.tf.json",
      "versions.tf.json",
    ]);
    for (const [path, text] of Object.entries(part).filter(([each]) => each.endsWith(".json")))
      expect([path, /"provider"|"backend"|"metadata"|var\.aws_region/.exec(text)?.[0]]).toEqual([path, undefined]);
    expect(JSON.parse(part["versions.tf.json"]!)).toEqual({
      terraform: {
        required_version: ">= 1.11.0",
        required_providers: { aws: { source: "hashicorp/aws", version: ">= 5.100.0, < 7.0.0" } },
      },
    });
  },
);

describe("in the registry's layout", () => {
  test.each(MODULES.map(({ name }) => name))("%s has the same files but for HCL by topic", (name) => {
    const [json, hcl] = [name, `terraform-aws-${name}`].map((each) => content(join(folder, each)));
    const others = (all: Record<string, string> = {}) =>
      Object.keys(all).filter((path) => !/^[^/]*\.tf(\.json)?$/.test(path));
    expect(others(hcl)).toEqual(others(json));
    expect(Object.keys(hcl!)).toEqual(expect.arrayContaining(["outputs.tf", "variables.tf", "versions.tf"]));
    expect(Object.keys(hcl!).filter((path) => path.endsWith(".json"))).toEqual([]);
    expect(hcl!["README.md"]).toContain(`"git::https://git.example.org/your-team/terraform-aws-${name}.git?ref=v`);
    expect(hcl!["README.md"]).not.toContain("./modules/");
  });

  test.each(MODULES.map(({ name }) => name))("%s read back is the module's JSON", async (name) => {
    const read = (form: string) => content(join(folder, form));
    const json = Object.entries(read(name)).filter(([path]) => /^[^/]*\.tf\.json$/.test(path));
    const hcl = Object.entries(read(`terraform-aws-${name}`)).filter(([path]) => /^[^/]*\.tf$/.test(path));
    const whole = Object.assign({}, ...json.map(([, text]) => JSON.parse(utf8(text)) as object)) as object;
    expect(await readHcl(hcl.map(([, text]) => utf8(text)).join("\n"))).toEqual(normalizeJson(whole));
  });
});

test("another folder gets the same bytes, and keeps files that others put there", async () => {
  const again = temporaryFolder("modules-again");
  mkdirSync(join(again, "agent-api"));
  writeFileSync(join(again, "agent-api/backend_override.tf.json"), "{}");
  await write(again);
  const { "backend_override.tf.json": mine, ...rest } = content(join(again, "agent-api"));
  expect(mine).toBe("{}");
  expect(rest).toEqual(files);
});

test("an empty folder name is refused, before anything is synthesized", async () => {
  await expect(modules(SILENT_CONTEXT, { out: "" })).rejects.toThrow(
    '--out is ""; allowed: a folder, such as dist/terraform.',
  );
});

test("a missing stack is refused, and the message names the command that writes it", async () => {
  const empty = temporaryFolder("no-stacks");
  await expect(modules(SILENT_CONTEXT, { out: empty, synthesized: empty })).rejects.toThrow(
    /agent-api holds no cdk\.tf\.json\. Write it: npx quickturn synth/,
  );
});
