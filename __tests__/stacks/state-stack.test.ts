import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseBackend } from "../../stacks/backend";
import { STATE_OUTPUT_DESCRIPTIONS } from "../../stacks/contract/outputs";
import { STATE_SETTINGS } from "../../stacks/contract/settings";
import { resource, stackJson, stackText } from "../support/stack-json";

const GOLDEN = join(__dirname, "state-stack.golden.json");
const stack = stackJson("state");

test("is the golden one; after a wanted change run UPDATE_GOLDEN=1 npx jest state-stack", () => {
  if (process.env["UPDATE_GOLDEN"] === "1") writeFileSync(GOLDEN, stackText("state"));
  expect(stack).toEqual(JSON.parse(readFileSync(GOLDEN, "utf8")));
});

test("has the settings and outputs of its contracts", () => {
  expect(Object.keys(stack.variable)).toEqual(STATE_SETTINGS.map(({ name }) => name).sort());
  expect(Object.keys(stack.output).sort()).toEqual(Object.keys(STATE_OUTPUT_DESCRIPTIONS).sort());
});

test("a state is deleted by nobody: not with the bucket, and a version only after another has replaced it", () => {
  expect(resource(stack, "aws_s3_bucket.state_bucket")).toMatchObject({
    force_destroy: false,
    lifecycle: { prevent_destroy: true },
  });
  const [rule] = resource(stack, "aws_s3_bucket_lifecycle_configuration.state_lifecycle")["rule"] as Record<
    string,
    unknown
  >[];
  // "days" would delete the state in effect.
  expect(JSON.stringify(rule)).not.toContain('"days"');
});

test("its output is what QUICKTURN_BACKEND takes, with the key where there is one", () => {
  const given = (key: string) =>
    String(stack.output["backend"]?.value)
      .replace("${aws_s3_bucket.state_bucket.bucket}", "states")
      .replace("${var.name}-${var.environment}", "quickturn-dev")
      .replace("${var.aws_region}", "us-east-1")
      .replace(/\$\{var\.kms_key_arn == null \? "" : "(.*?)"\}$/, (_, named: string) =>
        key === "" ? "" : named.replace("${var.kms_key_arn}", key),
      );
  const at = { kind: "s3", bucket: "states", prefix: "quickturn-dev", region: "us-east-1" };
  const key = "arn:aws:kms:us-east-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab";
  expect(parseBackend(given(""), "output")).toEqual({ ...at, attributes: {} });
  expect(parseBackend(given(key), "output")).toEqual({ ...at, attributes: { kms_key_id: key } });
});
