import { Testing } from "cdktf";
import * as fc from "fast-check";
import { backendBlockOf } from "../support/backend-block";
import { LOCAL_BACKEND, placeInEnvironment, parseBackend } from "../../stacks/backend";

const parse = (given: string) => parseBackend(given, "QUICKTURN_BACKEND");

describe("the notation", () => {
  test("reads each kind", () => {
    expect(parse("local")).toBe(LOCAL_BACKEND);
    expect(parse("s3://states/team/agents?region=eu-central-1&kms_key_id=alias/state&use_path_style=true")).toEqual({
      kind: "s3",
      bucket: "states",
      prefix: "team/agents",
      region: "eu-central-1",
      attributes: { kms_key_id: "alias/state", use_path_style: true },
    });
    expect(parse("s3://states?region=us-east-1")).toMatchObject({ bucket: "states", prefix: "", attributes: {} });
    expect(parse("s3://states/folder/?region=us-gov-west-1")).toMatchObject({
      prefix: "folder",
      region: "us-gov-west-1",
    });
    expect(parse("cloud://app.terraform.io/octo-org/agents")).toEqual({
      kind: "cloud",
      hostname: "app.terraform.io",
      organization: "octo-org",
      workspace: "agents",
    });
  });

  test.each([
    ["", 'is "", which names no backend that is known'],
    ["gcs://states", 'is "gcs://states", which names no backend that is known'],
    ["S3://states?region=us-east-1", "which names no backend that is known"],
    ["s3://?region=us-east-1", 'names the bucket ""; allowed: 3 to 63 lower-case letters, digits and hyphens'],
    ["s3://My_Bucket?region=us-east-1", 'names the bucket "My_Bucket"'],
    ["s3://states/a//b?region=us-east-1", 'names the folder "a//b"'],
    ["s3://states/../other?region=us-east-1", 'names the folder "../other"'],
    ["s3://states/${var.x}?region=us-east-1", "names the folder"],
    ["s3://states/folder", "names no region; add ?region="],
    ["s3://states?region=", "has the parameter region without a value"],
    ["s3://states?region=Frankfurt", 'names the region "Frankfurt"; allowed: a region\'s code'],
    [
      "s3://states?region=us-east-1&dynamodb_table=locks",
      'has the parameter "dynamodb_table"; allowed: region, kms_key_id, profile',
    ],
    ["s3://states?region=us-east-1&use_lockfile=false", 'has the parameter "use_lockfile"'],
    ["s3://states?region=us-east-1&encrypt=false", 'has the parameter "encrypt"'],
    ["s3://states?region=us-east-1&use_path_style=yes", "has use_path_style=yes; allowed: true or false"],
    ["s3://states?region=us-east-1&region=eu-west-1", "has the parameter region twice"],
    ["s3://states?region=us-east-1&profile=${file(1)}", "a backend takes no expressions"],
    ["s3://states?region=us-east-1?profile=a", "has more than one ? or a #"],
    ["s3://states?region=us-east-1#a", "has more than one ? or a #"],
    ["cloud://app.terraform.io/octo-org", 'names the workspace ""'],
    ["cloud://app.terraform.io/octo-org/a/b", 'names the workspace "a/b"'],
    ["cloud://localhost/octo-org/agents", 'names the host "localhost"'],
    ["cloud://app.terraform.io/octo org/agents", 'names the organization "octo org"'],
    ["cloud://app.terraform.io/octo-org/agents?x=1", 'has the parameters "x=1"; a cloud backend takes none'],
  ])("%j is refused: %s", (given, message) => {
    expect(() => parse(given)).toThrow(message);
    expect(() => parse(given)).toThrow(
      "allowed: local, s3://<bucket>/<folder>?region=<region>, or cloud://<host>/<organization>/<workspace>.",
    );
  });

  test.each([
    "s3://user:pa55word@states?region=us-east-1",
    "s3://states?region=us-east-1&access_key=pa55word",
    "s3://states?secret_key=pa55word&region=us-east-1",
    "s3://states?region=us-east-1&token=pa55word",
    "cloud://pa55word@app.terraform.io/a/b",
    "s3://states?region=us-east-1&sse_customer_key=pa55word",
    "https://u:pa55word@host/",
  ])("a secret is refused and not repeated: %s", (given) => {
    let message = "";
    try {
      parse(given);
    } catch (error) {
      message = (error as Error).message;
    }
    expect(message).toMatch(/holds (a user or a password|the secret)/);
    expect(message).not.toContain("pa55word");
  });

  test("any text is either read, or refused with what is allowed", () => {
    const part = fc.oneof(
      fc.string(),
      fc.constantFrom("s3://", "cloud://", "local", "bucket", "?region=us-east-1", "&", "=", "/", "${", "@"),
    );
    fc.assert(
      fc.property(fc.array(part, { maxLength: 6 }), (parts) => {
        try {
          const backend = parse(parts.join(""));
          expect(JSON.stringify(backend)).not.toMatch(/[$%]\{/);
        } catch (error) {
          expect((error as Error).message).toMatch(/^QUICKTURN_BACKEND .*allowed: local, s3:/s);
        }
      }),
    );
  });
});

describe("the backend's block", () => {
  const blockOf = (given: string, stack = "agent-api") => backendBlockOf(Testing.app(), stack, parse(given));

  test("local: the file beside cdktf.json", () =>
    expect(blockOf("local")).toEqual({ backend: { local: { path: "../../../terraform.agent-api.tfstate" } } }));

  test("s3: an object a stack, encrypted, locked by another object", () => {
    expect(blockOf("s3://states/team?region=eu-central-1&kms_key_id=alias/state&skip_metadata_api_check=true")).toEqual(
      {
        backend: {
          s3: {
            bucket: "states",
            key: "team/agent-api.tfstate",
            region: "eu-central-1",
            encrypt: true,
            use_lockfile: true,
            kms_key_id: "alias/state",
            skip_metadata_api_check: true,
          },
        },
      },
    );
    expect(blockOf("s3://states?region=eu-central-1", "state")).toMatchObject({
      backend: { s3: { key: "state.tfstate" } },
    });
  });

  test("cloud: a workspace a stack", () => {
    const at = (name: string) => ({
      cloud: { hostname: "app.terraform.io", organization: "octo-org", workspaces: { name } },
    });
    expect(blockOf("cloud://app.terraform.io/octo-org/agents")).toEqual(at("agents"));
    expect(blockOf("cloud://app.terraform.io/octo-org/agents", "pipeline-access")).toEqual(
      at("agents-pipeline-access"),
    );
  });
});

test("each environment has its own place, and the default one that of a project without environments", () => {
  const place = (given: string, environment: string) =>
    backendBlockOf(Testing.app(), "agent-api", placeInEnvironment(parse(given), environment));
  expect(place("local", "default")).toEqual({ backend: { local: { path: "../../../terraform.agent-api.tfstate" } } });
  expect(place("local", "prod")).toEqual({
    backend: { local: { path: "../../../../../terraform.agent-api.prod.tfstate" } },
  });
  expect(place("s3://states/team?region=eu-central-1", "prod")).toMatchObject({
    backend: { s3: { key: "team/prod/agent-api.tfstate" } },
  });
  expect(place("s3://states?region=eu-central-1", "prod")).toMatchObject({
    backend: { s3: { key: "prod/agent-api.tfstate" } },
  });
  expect(place("cloud://app.terraform.io/octo-org/agents", "prod")).toMatchObject({
    cloud: { workspaces: { name: "agents-prod" } },
  });
});
