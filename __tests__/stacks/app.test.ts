import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { writeStacks } from "../../scripts/kit/synth";
import { SILENT_CONTEXT } from "../support/module-stacks";
import { projectCopy } from "../support/project-copy";
import { PROJECT, resource, type StackJson } from "../support/stack-json";
import { readStack } from "../support/synthesized";
import { temporaryFolder } from "../support/temporary-folder";

/** The state's stack, synthesized as `quickturn` does, in an environment of the test's own. */
async function synthesizedIn(environment: NodeJS.ProcessEnv, projectDirectory = PROJECT): Promise<StackJson> {
  const out = temporaryFolder("app");
  await writeStacks(
    { ...SILENT_CONTEXT, projectDirectory, environment: { PATH: process.env["PATH"], ...environment } },
    out,
    { QUICKTURN_STACKS: "state" },
  );
  return readStack(join(out, "stacks/state")).stack;
}
const context = (given: unknown) => ({ CDKTF_CONTEXT_JSON: JSON.stringify({ "quickturn:backend": given }) });

function copyWithContext(given: string): string {
  const project = projectCopy();
  const file = join(project, "cdktf.json");
  writeFileSync(
    file,
    JSON.stringify({ ...(JSON.parse(readFileSync(file, "utf8")) as object), context: { "quickturn:backend": given } }),
  );
  return project;
}

/** A process each, all at once. */
const stacks = {
  ofContext: synthesizedIn(context("s3://states/a?region=us-east-1")),
  ofVariables: synthesizedIn({
    ...context("s3://states/a?region=us-east-1"),
    QUICKTURN_BACKEND: "s3://states/b?region=us-east-1",
    QUICKTURN_PREVENT_DESTROY: "false",
  }),
  ofCdktfJson: synthesizedIn({}, copyWithContext("s3://states/c?region=us-east-1")),
  unknownBackend: synthesizedIn({ QUICKTURN_BACKEND: "ftp://x" }),
  wrongContext: synthesizedIn(context(1)),
};
// What fails is looked at by its test.
Object.values(stacks).forEach((stack) => stack.catch(() => undefined));

test("QUICKTURN_BACKEND wins over the context that cdktf hands over, and that over cdktf.json's", async () => {
  expect((await stacks.ofVariables).terraform.backend).toMatchObject({ s3: { key: "b/state.tfstate" } });
  expect((await stacks.ofContext).terraform.backend).toMatchObject({ s3: { key: "a/state.tfstate" } });
  expect((await stacks.ofCdktfJson).terraform.backend).toMatchObject({ s3: { key: "c/state.tfstate" } });
});

test("QUICKTURN_PREVENT_DESTROY=false lets Terraform destroy the bucket, but only an empty one", async () => {
  const bucket = async (stack: Promise<StackJson>) => resource(await stack, "aws_s3_bucket.state_bucket");
  expect(await bucket(stacks.ofVariables)).toMatchObject({
    force_destroy: false,
    lifecycle: { prevent_destroy: false },
  });
  expect(await bucket(stacks.ofContext)).toMatchObject({ force_destroy: false, lifecycle: { prevent_destroy: true } });
});

test("a bad value ends the synth with its message and no stack trace", async () => {
  await expect(stacks.unknownBackend).rejects.toThrow(
    /QUICKTURN_BACKEND is "ftp:\/\/x", which names no backend that is known; allowed: local[^]*workspace>\.\s*$/,
  );
  await expect(stacks.wrongContext).rejects.toThrow(
    "quickturn:backend in cdktf.json's context is 1; allowed: a text, as QUICKTURN_BACKEND takes it.",
  );
});
