import { execFile } from "node:child_process";
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { decide, type Decision } from "../support/iam-simulator";
import { stackJson } from "../support/stack-json";
import { temporaryFolder } from "../support/temporary-folder";

/** The synthesized policy with its variables, evaluated by the real terraform, and then asked as IAM is. */
jest.setTimeout(120_000);

const folder = temporaryFolder("private-api");
const OURS = "vpce-0123456789abcdef0";
const OTHER = "vpce-0fedcba9876543210";
const API = "arn:aws:execute-api:us-east-1:123456789012:a1b2c3";
const INVOKE = `${API}/live/POST/api/v1/invoke`;
const HEALTH = `${API}/live/GET/api/v1/health`;

beforeAll(() => {
  const { variable, locals, resource } = stackJson();
  const api = resource["aws_api_gateway_rest_api"]?.["rest_api"] ?? {};
  const document = {
    variable: { ...variable, aws_region: { default: "us-east-1" }, authorization: { default: "iam" } },
    locals: {
      profiles: locals["profiles"],
      rest_openapi: { openapi: "3.0.1", info: { title: "an API", version: "1" } },
      rest_apis: String(locals["rest_apis"]).replace("data.aws_partition.current.partition", '"aws"').replace("data.aws_caller_identity.current.account_id", '"123456789012"'),
      rest_callers: locals["rest_callers"],
    },
    output: {
      policy: { value: api["policy"] },
      body: { value: api["body"] },
      endpoint: { value: api["endpoint_configuration"] },
    },
  };
  writeFileSync(join(folder, "main.tf.json"), JSON.stringify(document));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Evaluated {
  readonly policy: string | undefined;
  readonly body: Readonly<Record<string, unknown>>;
  readonly endpoint: { readonly types: readonly string[]; readonly ip_address_type: string | null };
}

async function evaluated(...vars: readonly string[]): Promise<Evaluated> {
  const env = { PATH: process.env["PATH"], HOME: folder, CHECKPOINT_DISABLE: "1" };
  const run = async (...args: readonly string[]) => (await promisify(execFile)("terraform", args, { cwd: folder, env })).stdout;
  await run("apply", "-input=false", "-auto-approve", "-no-color", ...vars.map((value) => `-var=${value}`));
  const output = JSON.parse(await run("output", "-json")) as Readonly<Record<string, { readonly value: unknown } | undefined>>;
  return { policy: output["policy"]?.value as string | undefined, body: JSON.parse(String(output["body"]?.value)) as Evaluated["body"], endpoint: output["endpoint"]?.value as Evaluated["endpoint"] };
}

/** What of a call becomes: of a role that may call, or may nothing, through an endpoint or none. */
function asked(policy: string, resource: string, through: string | undefined, mayCall: boolean): Promise<Decision> {
  // The simulator takes no wildcard for an API's id where a path follows; IAM does (API Gateway developer guide, "Statement reference of IAM policies for API execution").
  const statements = (JSON.parse(policy.replaceAll("123456789012:*/", "123456789012:a1b2c3/")) as { readonly Statement: readonly object[] }).Statement;
  const own = mayCall ? [{ Sid: "Call", Effect: "Allow" as const, Action: ["execute-api:Invoke"], Resource: "*" }] : [];
  return decide({ name: "caller", statements: own }, { action: "execute-api:Invoke", resource, context: through === undefined ? {} : { "aws:SourceVpce": through } }, statements);
}

test("without endpoints there is no policy, the API is regional, and its body is what it was to the letter", async () => {
  const { policy, body, endpoint } = await evaluated();
  expect(policy).toBeUndefined();
  expect(Object.keys(body)).toEqual(["info", "openapi"]);
  expect(endpoint).toEqual({ types: ["REGIONAL"], ip_address_type: null });
});

test.each(["iam", "jwt", "api_key", "none"])("with authorization %s and endpoints the API is private, and takes nobody who comes another way, whatever the caller may", async (authorization) => {
  const { policy = "", body, endpoint } = await evaluated(`vpc_endpoint_ids=["${OURS}"]`, `authorization=${authorization}`);
  expect(endpoint).toEqual({ types: ["PRIVATE"], ip_address_type: "dualstack" });
  expect(body["x-amazon-apigateway-policy"]).toEqual(JSON.parse(policy));
  for (const resource of [INVOKE, HEALTH]) {
    expect(await asked(policy, resource, OURS, true)).toBe("Allowed");
    expect(await asked(policy, resource, OTHER, true)).toBe("ExplicitlyDenied");
    expect(await asked(policy, resource, undefined, true)).toBe("ExplicitlyDenied");
  }
  expect(await asked(policy, HEALTH, OURS, false)).toBe("Allowed");
});

test.each([["iam", "ImplicitlyDenied"], ["jwt", "ImplicitlyDenied"], ["api_key", "Allowed"], ["none", "Allowed"]])("with authorization %s a caller whom nothing else lets in is %s: where IAM or the authorizer decides, the policy does not", async (authorization, decision) => {
  for (const ids of [`["${OURS}"]`, "[]"]) {
    const { policy = "" } = await evaluated(`vpc_endpoint_ids=${ids}`, `authorization=${authorization}`);
    expect(await asked(policy, INVOKE, OURS, false)).toBe(decision);
  }
});

test("[] makes a private API public again by a policy of its own: it takes callers from everywhere", async () => {
  const { policy = "", body, endpoint } = await evaluated("vpc_endpoint_ids=[]");
  expect(endpoint).toEqual({ types: ["REGIONAL"], ip_address_type: "ipv4" });
  expect(body["x-amazon-apigateway-policy"]).toEqual(JSON.parse(policy));
  for (const through of [undefined, OTHER]) expect(await asked(policy, INVOKE, through, true)).toBe("Allowed");
});
