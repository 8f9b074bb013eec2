import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseBackend } from "../../stacks/backend";
import { STATE_OUTPUT_DESCRIPTIONS } from "../../stacks/outputs";
import { STATE_SETTINGS } from "../../stacks/settings";
import { encoded, resource, type StackJson } from "../support/stack-json";
import { readStack, synthesized } from "../support/synthesized";

jest.setTimeout(120_000);

const GOLDEN = join(__dirname, "state-stack.golden.json");
let text: string;
let stack: StackJson;
beforeAll(() => ({ text, stack } = readStack(synthesized("state"))));

test("is the golden one; after a wanted change run UPDATE_GOLDEN=1 npx jest state-stack", () => {
  if (process.env["UPDATE_GOLDEN"] === "1") writeFileSync(GOLDEN, text);
  expect(stack).toEqual(JSON.parse(readFileSync(GOLDEN, "utf8")));
});

test("has the settings and outputs of its contracts", () => {
  expect(Object.keys(stack.variable)).toEqual(STATE_SETTINGS.map(({ name }) => name).sort());
  expect(Object.keys(stack.output).sort()).toEqual(Object.keys(STATE_OUTPUT_DESCRIPTIONS).sort());
});

test("the bucket cannot be destroyed, by Terraform nor with what it holds", () => {
  expect(resource(stack, "aws_s3_bucket.state_bucket")).toMatchObject({ force_destroy: false, lifecycle: { prevent_destroy: true } });
  const takenDown = readStack(synthesized("state", { QUICKTURN_PREVENT_DESTROY: "false" })).stack;
  expect(resource(takenDown, "aws_s3_bucket.state_bucket")).toMatchObject({ force_destroy: false, lifecycle: { prevent_destroy: false } });
});

test("every version is kept, encrypted, and deleted only after another has replaced it", () => {
  expect(resource(stack, "aws_s3_bucket_versioning.state_versioning")).toMatchObject({ versioning_configuration: { status: "Enabled" } });
  const [rule] = resource(stack, "aws_s3_bucket_lifecycle_configuration.state_lifecycle")["rule"] as Record<string, unknown>[];
  expect(rule).toMatchObject({ noncurrent_version_expiration: [{ noncurrent_days: "${var.state_retention_in_days}" }], expiration: [{ expired_object_delete_marker: true }] });
  expect(JSON.stringify(rule)).not.toContain('"days"');
  expect(resource(stack, "aws_s3_bucket_server_side_encryption_configuration.state_encryption")["rule"]).toEqual([
    { apply_server_side_encryption_by_default: { kms_master_key_id: "${var.kms_key_arn}", sse_algorithm: '${var.kms_key_arn == null ? "AES256" : "aws:kms"}' }, bucket_key_enabled: "${var.kms_key_arn != null}" },
  ]);
});

test("nobody else reads it, and nobody without TLS", () => {
  expect(resource(stack, "aws_s3_bucket_public_access_block.state_public_access")).toMatchObject({ block_public_acls: true, block_public_policy: true, ignore_public_acls: true, restrict_public_buckets: true });
  expect(resource(stack, "aws_s3_bucket_ownership_controls.state_ownership")).toMatchObject({ rule: { object_ownership: "BucketOwnerEnforced" } });
  expect(encoded(stack, resource(stack, "aws_s3_bucket_policy.state_policy")["policy"])).toMatchObject({ Statement: [{ Effect: "Deny", Principal: "*", Action: ["s3:*"], Condition: { Bool: { "aws:SecureTransport": "false" } } }] });
});

test("its output is what QUICKTURN_BACKEND takes, with the key where there is one", () => {
  const given = (key: string) =>
    String(stack.output["backend"]?.value)
      .replace("${aws_s3_bucket.state_bucket.bucket}", "states")
      .replace("${var.name}-${var.environment}", "quickturn-dev")
      .replace("${var.aws_region}", "us-east-1")
      .replace(/\$\{var\.kms_key_arn == null \? "" : "(.*?)"\}$/, (_, named: string) => (key === "" ? "" : named.replace("${var.kms_key_arn}", key)));
  const at = { kind: "s3", bucket: "states", prefix: "quickturn-dev", region: "us-east-1" };
  const key = "arn:aws:kms:us-east-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab";
  expect(parseBackend(given(""), "output")).toEqual({ ...at, attributes: {} });
  expect(parseBackend(given(key), "output")).toEqual({ ...at, attributes: { kms_key_id: key } });
});
