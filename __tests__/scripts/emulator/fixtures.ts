import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { strToU8, zipSync } from "fflate";
import type { Caller } from "../../../scripts/emulator";
import { temporaryFolder } from "../../support/temporary-folder";

/** Lambda's longest time-out: no test depends on how soon a process answers. */
export const LONGEST_SECONDS = 900;
export const REGION = "us-east-1";
export const ACCOUNT = "123456789012";
export const API_ARN = `arn:aws:execute-api:${REGION}:${ACCOUNT}:api1`;
/** No emulator is there; tests that do not need one give this. */
export const NOWHERE = "http://127.0.0.1:9";

export const ALICE: Caller = {
  name: "alice",
  accessKeyId: "AKIDALICE",
  secretAccessKey: "alice-secret",
  userId: "AIDAALICE",
  accountId: ACCOUNT,
};
export const BOB: Caller = {
  name: "bob",
  accessKeyId: "AKIDBOB",
  secretAccessKey: "bob-secret",
  userId: "AIDABOB",
  accountId: ACCOUNT,
};

export interface Resource {
  readonly address: string;
  readonly type: string;
  readonly values: Record<string, unknown>;
  readonly depends_on?: string[];
}

/** What `terraform show -json` prints for these resources. */
export function state(...resources: (Resource | readonly Resource[])[]): unknown {
  return {
    format_version: "1.0",
    terraform_version: "1.11.4",
    values: { root_module: { resources: resources.flat() } },
  };
}

export function resource(type: string, name: string, values: Record<string, unknown>): Resource {
  return { address: `${type}.${name}`, type, values };
}

export function folder(): string {
  return temporaryFolder("runtime");
}

/** Writes a zip and yields what Lambda calls its CodeSha256. */
export function writeZip(path: string, files: Record<string, string>): string {
  const zip = zipSync(Object.fromEntries(Object.entries(files).map(([name, text]) => [name, strToU8(text)])), {
    mtime: new Date("2026-01-01"),
  });
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, zip);
  return createHash("sha256").update(zip).digest("base64");
}

export interface FunctionFixture {
  readonly name?: string;
  readonly code: string;
  readonly version?: string;
  readonly timeout?: number;
  readonly memory_size?: number;
  readonly reserved?: number;
  readonly environment?: Record<string, string>;
  readonly file?: string;
}

export function functionArn(name: string, qualifier = "live"): string {
  return `arn:aws:lambda:${REGION}:${ACCOUNT}:function:${name}:${qualifier}`;
}

/** A function, its alias `live`, and its zip in `<directory>/assets`. */
export function lambda(directory: string, fixture: FunctionFixture): Resource[] {
  const { name = "api", code, version = "1", file = "index.mjs" } = fixture;
  const filename = `./assets/${name}.zip`;
  const sha = writeZip(join(directory, filename), { [file]: code });
  return [
    resource("aws_lambda_function", name, {
      arn: `arn:aws:lambda:${REGION}:${ACCOUNT}:function:${name}`,
      function_name: name,
      handler: "index.handler",
      runtime: "nodejs22.x",
      filename,
      memory_size: fixture.memory_size ?? 128,
      timeout: fixture.timeout ?? LONGEST_SECONDS,
      environment: fixture.environment === undefined ? [] : [{ variables: fixture.environment }],
      reserved_concurrent_executions: fixture.reserved ?? -1,
      version,
      code_sha256: sha,
      source_code_hash: sha,
    }),
    alias(name, version),
  ];
}

export function alias(functionName: string, version: string, weights?: Record<string, number>): Resource {
  return resource("aws_lambda_alias", functionName, {
    arn: functionArn(functionName),
    name: "live",
    function_name: functionName,
    function_version: version,
    routing_config: weights === undefined ? [] : [{ additional_version_weights: weights }],
  });
}

export function permission(
  functionName: string,
  principal = "apigateway.amazonaws.com",
  sourceArn = `${API_ARN}/*/*`,
): Resource {
  return resource("aws_lambda_permission", `${functionName}-${principal}`, {
    action: "lambda:InvokeFunction",
    function_name: functionName,
    qualifier: "live",
    principal,
    source_arn: sourceArn,
  });
}

export function integration(functionName = "api", extra: Record<string, unknown> = {}): Record<string, unknown> {
  const uri = `arn:aws:apigateway:${REGION}:lambda:path/2015-03-31/functions/${functionArn(functionName)}/invocations`;
  return { "x-amazon-apigateway-integration": { type: "aws_proxy", httpMethod: "POST", uri, ...extra } };
}

export const SECURITY_SCHEMES = {
  sigv4: { type: "apiKey", name: "Authorization", in: "header", "x-amazon-apigateway-authtype": "awsSigv4" },
  api_key: { type: "apiKey", name: "x-api-key", in: "header" },
};

/** A REST API with its stage; `document` gives `paths` and what else the OpenAPI body has. */
export function restApi(
  document: Record<string, unknown>,
  stage: Record<string, unknown> = {},
  policy?: string,
): Resource[] {
  const body = {
    openapi: "3.0.1",
    info: { title: "api", version: "1" },
    components: { securitySchemes: SECURITY_SCHEMES },
    ...document,
  };
  return [
    resource("aws_api_gateway_rest_api", "api", {
      id: "api1",
      execution_arn: API_ARN,
      body: JSON.stringify(body),
      policy: policy ?? "",
    }),
    resource("aws_api_gateway_stage", "stage", {
      stage_name: "local",
      cache_cluster_enabled: false,
      cache_cluster_size: null,
      ...stage,
    }),
  ];
}

export function methodSettings(methodPath: string, settings: Record<string, unknown>): Resource {
  return resource("aws_api_gateway_method_settings", methodPath, { method_path: methodPath, settings: [settings] });
}

/** A handler that answers 200 with the JSON of an expression over `event`, `context` and `calls`. */
export function answering(expression: string): string {
  return `let calls = 0;
export const handler = async (event, context) => {
  calls += 1;
  return { statusCode: 200, headers: { "Content-Type": "application/json" }, body: JSON.stringify(${expression}) };
};`;
}

/** A process that runs or is frozen. One that ended and that nobody has asked for yet is neither. */
export function isAlive(pid: number): boolean {
  try {
    return readFileSync(`/proc/${pid}/stat`, "utf8").split(" ")[2] !== "Z";
  } catch {
    return false; // No such process.
  }
}

/** Kept from before any test holds the timers. */
const later = setTimeout;

/** Waits for a condition; the tier's `testTimeout` is the only limit. */
export async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) await new Promise((resolve) => later(resolve, 10));
}

/**
 * From now on each `setTimeout` and `setInterval` waits until the test lets time pass, with `jest.advanceTimersByTime`.
 * Everything else, the network and other processes too, goes on. `jest.useRealTimers` ends it.
 */
export function holdTimers(): void {
  jest.useFakeTimers({
    doNotFake: ["Date", "hrtime", "nextTick", "performance", "queueMicrotask", "setImmediate", "clearImmediate"],
  });
}
