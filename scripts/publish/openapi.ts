import { existsSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { SETTINGS, type Setting } from "../../stacks/contract/settings";
import { UsageError, type CommandContext, type CommandResult } from "../kit/context";
import { readDeployedStack } from "../kit/deployed-stack";
import { synthFolder } from "../kit/deployment-folder";
import { writeReport } from "../kit/files";
import { stackDirectory, synth } from "../kit/synth";
import { OPERATIONS, UNAUTHORIZED, UNKNOWN_ROUTE } from "./openapi-operations";
import { ANSWER_SCHEMAS, type CallersDocument, type Operation, type Schema } from "./openapi-schemas";

/** The copy in the repository; it holds for every deployment. */
export const PUBLISHED = "openapi.json";

export interface OpenApiOptions {
  /**
   * Folder of an initialized stack, or a file with what `terraform output -json` or `terraform show -json` printed.
   * Default: this project's stack, where it is initialized.
   */
  readonly state?: string;
  /** File to write. Default: it is printed. */
  readonly out?: string;
}

/** Writes the OpenAPI document for callers, with the URL and the credentials of the deployment where there is one. */
export async function openapi(context: CommandContext, { state, out }: OpenApiOptions = {}): Promise<CommandResult> {
  if (out === "") throw new UsageError('--out is ""; allowed: a file, such as openapi.json.');
  await synth(context);
  const directory = stackDirectory(synthFolder(context), "agent-api");
  const deployed =
    state === undefined ? await readOwnDeployment(context, directory) : await readDeployment(context, state);
  const document = publishedDocument(directory, deployed);
  const text = documentText(document);
  if (out === undefined) return { exitCode: 0, text: text.trimEnd(), json: document };
  const path = resolve(out);
  writeReport(path, text);
  return { exitCode: 0, text: `Written: ${out}.`, json: { written: path } };
}

/** What is known of a deployment. A document without it holds for every deployment. */
interface Deployed {
  /** Output `api_endpoint`. */
  readonly endpoint?: string;
  /** Setting `authorization` in effect. */
  readonly authorization?: string;
}

/** The deployment of the project's own stack; nothing where nothing is applied. */
async function readOwnDeployment(context: CommandContext, directory: string): Promise<Deployed> {
  if (!existsSync(join(directory, ".terraform"))) return {};
  return readDeployment(context, directory).catch((error: unknown) => {
    if (error instanceof UsageError) return {};
    throw error;
  });
}

async function readDeployment(context: CommandContext, state: string): Promise<Deployed> {
  const { outputs, settings } = await readDeployedStack(context, state);
  const { api_endpoint: endpoint } = outputs;
  if (typeof endpoint !== "string")
    throw new UsageError(
      `The output api_endpoint of ${state} is ${JSON.stringify(endpoint) ?? "missing"}; allowed: a URL. Apply first: ` +
        "quickturn apply.",
    );
  const { authorization } = settings;
  return { endpoint, ...(typeof authorization === "string" && { authorization }) };
}

/** The callers' document of a synthesized stack's folder. */
export function publishedDocument(directory: string, deployed: Deployed = {}): CallersDocument {
  const stack = JSON.parse(readFileSync(join(directory, "cdk.tf.json"), "utf8")) as SynthesizedApi;
  return createCallersDocument(findGatewayBody(stack), deployed);
}

/** The values that the setting `authorization` may have. */
function listModes(): readonly string[] {
  const settings: readonly Setting[] = SETTINGS;
  const setting = settings.find(({ name }) => name === "authorization");
  return (setting?.type === "string" && setting.allowed) || [];
}

/** The text of a document's file. */
export const documentText = (document: CallersDocument): string => `${JSON.stringify(document, null, 2)}\n`;

/** The OpenAPI body that API Gateway is given, as far as it is read; values may be Terraform templates. */
interface GatewayBody {
  readonly info?: { readonly version?: string };
  readonly paths: Readonly<Record<string, Readonly<Record<string, GatewayOperation>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, Schema>> };
}

interface GatewayOperation {
  readonly operationId: string;
  readonly summary: string;
  /** An empty list: the route is open. */
  readonly security?: unknown;
  readonly parameters?: readonly { readonly name: string; readonly in: string }[];
  readonly requestBody?: {
    readonly required: boolean;
    readonly content: Readonly<Record<string, { readonly schema: Schema }>>;
  };
}

const describeKey = (name: string, description: string) => ({ type: "apiKey", name, in: "header", description });

/** The security scheme of each value of the setting `authorization`. `none` has no scheme. */
export const SCHEME_OF: Readonly<Record<string, { readonly name: string; readonly scheme: object } | undefined>> = {
  iam: { name: "sigv4", scheme: describeKey("Authorization", "AWS Signature Version 4, service execute-api.") },
  api_key: { name: "api_key", scheme: describeKey("x-api-key", "An API key; each is a caller with a daily quota.") },
  jwt: {
    name: "jwt",
    scheme: {
      type: "http",
      scheme: "bearer",
      bearerFormat: "JWT",
      description: "A token of the issuer that the deployment trusts.",
    },
  },
};

const PLACEHOLDER = {
  url: "{endpoint}",
  variables: {
    endpoint: {
      default: "https://api-id.execute-api.region.amazonaws.com/live",
      description: "The output api_endpoint of the deployment.",
    },
  },
};

/**
 * The document for callers. Routes, their order and what requests must look like come from the gateway's own body.
 *
 * The gateway's body has no answers: API Gateway's import knows neither `example` nor `$ref` of a response nor `oneOf`
 * (API Gateway developer guide, "important notes for REST APIs", read 2026-11), and it would make models that a proxy
 * integration does not use. A change of the body makes a new deployment, and a better sentence should not.
 * @throws Error where the body has a route that {@link OPERATIONS} does not describe
 */
export function createCallersDocument(body: GatewayBody, { endpoint, authorization }: Deployed = {}): CallersDocument {
  const modes = authorization === undefined ? listModes() : [authorization];
  const schemes = modes.flatMap((mode) => SCHEME_OF[mode] ?? []);
  return {
    openapi: "3.0.1",
    info: {
      title: "Quickturn",
      version: body.info?.version ?? "1",
      description:
        "Slow agents behind a fast API: invoke takes a prompt down, status tells how far it is. Every " +
        "refusal is JSON with a code. A path or method that is not here is answered as " +
        "components.responses.UnknownRoute says.",
    },
    servers: endpoint === undefined ? [PLACEHOLDER] : [{ url: endpoint.replace(/\/+$/, "") }],
    paths: mapValues(body.paths, (methods, path) =>
      mapValues(methods, (operation) => describeOperation(path, operation, modes)),
    ),
    components: {
      schemas: { ...body.components.schemas, ...ANSWER_SCHEMAS },
      responses: { UnknownRoute: UNKNOWN_ROUTE },
      securitySchemes: Object.fromEntries(schemes.map(({ name, scheme }) => [name, scheme])),
    },
  };
}

function describeOperation(
  path: string,
  { operationId, summary, security, requestBody, parameters = [] }: GatewayOperation,
  modes: readonly string[],
): Operation {
  const texts = OPERATIONS[operationId];
  if (texts === undefined)
    throw new Error(
      `${path} has the operation ${operationId}, whose answers are not described; described: ` +
        `${Object.keys(OPERATIONS).join(", ")}. Add it to OPERATIONS in scripts/publish/openapi-operations.ts.`,
    );
  const { description, answers, examples } = texts;
  const missing = parameters.find(
    (given) => given.in === "path" && !texts.parameters.some(({ name }) => name === given.name),
  );
  if (missing !== undefined)
    throw new Error(
      `${path} has the path parameter ${missing.name}, which is not described. Add it to OPERATIONS in ` +
        "scripts/publish/openapi-operations.ts.",
    );
  const isOpen = Array.isArray(security) && security.length === 0;
  return {
    operationId,
    summary,
    description,
    security: isOpen
      ? []
      : modes.flatMap((mode) =>
          mode === "none" ? (modes.length === 1 ? [] : [{}]) : [{ [SCHEME_OF[mode]?.name ?? mode]: [] }],
        ),
    parameters: texts.parameters,
    ...(requestBody && {
      requestBody: {
        required: requestBody.required,
        content: mapValues(requestBody.content, ({ schema }) => ({ schema, ...(examples && { examples }) })),
      },
    }),
    // Integer keys of an object are in ascending order.
    responses: { ...answers, ...(!isOpen && modes.includes("jwt") && { 401: UNAUTHORIZED }) },
  };
}

const mapValues = <T, R>(
  record: Readonly<Record<string, T>>,
  convert: (value: T, key: string) => R,
): Readonly<Record<string, R>> =>
  Object.fromEntries(Object.entries(record).map(([key, value]) => [key, convert(value, key)]));

interface SynthesizedApi {
  readonly locals?: Readonly<Record<string, unknown>>;
  readonly resource?: Readonly<Record<string, Readonly<Record<string, { readonly body?: unknown }>>>>;
}

/** The gateway's body in a synthesized stack. Throws where there is none. */
export function findGatewayBody({ locals, resource }: SynthesizedApi): GatewayBody {
  const [api] = Object.values(resource?.["aws_api_gateway_rest_api"] ?? {});
  // A policy may be merged into the body; it says where callers may come from, and nothing of the answers.
  const local = /^\$\{jsonencode\((?:merge\()?local\.(\w+)[,)]/.exec(String(api?.body))?.[1];
  const body = local === undefined ? undefined : (locals?.[local] as GatewayBody | undefined);
  if (body?.paths === undefined)
    throw new Error(
      "The stack has no REST API with an OpenAPI body; its aws_api_gateway_rest_api has the body " +
        `${JSON.stringify(api?.body) ?? "missing"}. Write the stack again: npx quickturn synth`,
    );
  return body;
}
