import type { ProxiedRequest } from "../../scripts/emulator/http";

/** What IAM decides about: an action on a resource, with what conditions may ask about it. */
export interface AwsCall {
  readonly action: string;
  /** ARN, or "*" where the call names none. */
  readonly resource: string;
  readonly context: Readonly<Record<string, string>>;
}

/** moto's account, and where the tests deploy to. */
export const ACCOUNT = "123456789012";
export const REGION = "us-east-1";
const arn = (service: string, rest: string) => `arn:aws:${service}:${REGION}:${ACCOUNT}:${rest}`;

/**
 * Which permissions a request to an AWS API needs, by the service authorization reference. A request that is not known
 * here throws: a new call of the provider must be looked up, not passed over.
 */
export function awsCalls({
  method,
  path,
  body,
  service,
  operation,
}: Pick<ProxiedRequest, "method" | "path" | "service" | "operation"> & {
  readonly body: { toString(): string };
}): AwsCall[] {
  const reader = SERVICES[service];
  if (!reader)
    throw new Error(
      `${method} ${path} is for the service ${JSON.stringify(service)}, which is not known here; known: ${Object.keys(SERVICES).join(", ")}`,
    );
  const calls = reader({ method, url: new URL(path, "http://localhost"), text: body.toString(), operation });
  if (calls === undefined)
    throw new Error(
      `${service}: ${operation || method} ${path} is not known here; look its permissions up and add them`,
    );
  return calls.map(([action, resource, context = {}]) => ({
    action: `${action.includes(":") ? "" : `${PREFIX[service] ?? service}:`}${action}`,
    resource,
    context,
  }));
}

interface Request {
  readonly method: string;
  readonly url: URL;
  readonly text: string;
  /** Of the JSON protocols. */
  readonly operation: string;
}
type Call = readonly [action: string, resource: string, context?: Readonly<Record<string, string>>];

const PREFIX: Readonly<Record<string, string>> = { monitoring: "cloudwatch" };

const SERVICES: Readonly<Record<string, (request: Request) => Call[] | undefined>> = {
  // Everybody may ask who they are.
  sts: () => [],
  dynamodb,
  sqs,
  events: json(
    ({ Name: name, Rule: rule, ResourceARN: resource }) => resource ?? arn("events", `rule/${name ?? rule}`),
  ),
  // Looking for names takes no resource.
  logs: json(({ logGroupName: name, logGroupNamePrefix: prefix, resourceArn: resource }) =>
    prefix === undefined ? (resource ?? arn("logs", `log-group:${name}`)) : "*",
  ),
  // AWS's own key is asked for by its alias, a customer's by its ARN.
  kms: (request) => {
    const id = field(request, "KeyId");
    return [
      id.startsWith("arn:")
        ? [request.operation, id]
        : [request.operation, arn("kms", "key/1"), { "kms:ResourceAliases": id }],
    ];
  },
  iam,
  sns: query(
    (form) =>
      form.get("TopicArn") ?? (form.has("Name") ? arn("sns", form.get("Name")!) : (form.get("ResourceArn") ?? "*")),
    "TagResource",
  ),
  monitoring: query(alarmOrDashboard, "TagResource"),
  lambda,
  s3,
  apigateway,
  secretsmanager: json(({ SecretId: id }) => String(id)),
  bedrock,
  "bedrock-agentcore": agentCore,
};

type Fields = Readonly<Record<string, string | undefined>>;

function parsed(text: string): Fields {
  return (text.startsWith("{") ? JSON.parse(text) : {}) as Fields;
}
function field({ text }: Request, name: string): string {
  return parsed(text)[name] ?? "";
}
/** What is made with tags needs the permission to tag beside the one to make it. */
const tagged = (text: string) => /"tags?":\s*[[{]\s*["{]|Tags\.member\.1/i.test(text);

function json(resource: (fields: Fields) => string, tag = "TagResource") {
  return (request: Request): Call[] => {
    const target = resource(parsed(request.text));
    return [
      [request.operation, target],
      ...(tagged(request.text) && request.operation !== tag ? [[tag, target] as const] : []),
    ];
  };
}

/**
 * A transaction is allowed where each of its writes is (DynamoDB developer guide, "Using IAM with DynamoDB
 * transactions").
 */
function dynamodb(request: Request): Call[] {
  const table = (name: string | undefined) => arn("dynamodb", `table/${name}`);
  if (request.operation === "TransactWriteItems") {
    const { TransactItems: items } = JSON.parse(request.text) as {
      TransactItems: Readonly<Record<string, { readonly TableName: string }>>[];
    };
    return items.flatMap((item) =>
      Object.entries(item).map(
        ([kind, { TableName: name }]) =>
          [kind === "ConditionCheck" ? "ConditionCheckItem" : `${kind}Item`, table(name)] as const,
      ),
    );
  }
  return json(
    ({ TableName: name, IndexName: index, ResourceArn: resource }) =>
      resource ?? (index === undefined ? table(name) : `${table(name)}/index/${index}`),
  )(request);
}

/** A batch is allowed where one of its kind is (Amazon SQS developer guide, "Amazon SQS API permissions"). */
function sqs(request: Request): Call[] {
  const one = { ...request, operation: request.operation.replace(/Batch$/, "") };
  return json(
    ({ QueueUrl: url, QueueName: name }) => arn("sqs", name ?? String(url).replace(/^.*\//, "")),
    "TagQueue",
  )(one);
}

/**
 * Converse is allowed by InvokeModel; a call of an inference profile also touches the model in each region that the
 * profile leads to.
 */
function bedrock({ url }: Request): Call[] | undefined {
  const [, given] = /^\/model\/([^/]+)\/converse$/.exec(url.pathname) ?? [];
  if (given === undefined) return undefined;
  const id = decodeURIComponent(given);
  const [, model] = /^us\.(.+)$/.exec(id) ?? [];
  const models = (name: string, regions: readonly string[]) =>
    regions.map((region) => `arn:aws:bedrock:${region}::foundation-model/${name}`);
  const touched =
    model === undefined
      ? models(id, [REGION])
      : [arn("bedrock", `inference-profile/${id}`), ...models(model, [REGION, "us-west-2"])];
  return touched.map((resource) => ["InvokeModel", resource] as const);
}

/** A call of a runtime names one of its endpoints as well. */
function agentCore({ url }: Request): Call[] | undefined {
  const [, given] = /^\/runtimes\/([^/]+)\/invocations$/.exec(url.pathname) ?? [];
  if (given === undefined) return undefined;
  const runtime = decodeURIComponent(given);
  return [runtime, `${runtime}/runtime-endpoint/${url.searchParams.get("qualifier") ?? "DEFAULT"}`].map(
    (resource) => ["InvokeAgentRuntime", resource] as const,
  );
}

function query(resource: (form: URLSearchParams) => string, tag: string) {
  return ({ text }: Request): Call[] => {
    const form = new URLSearchParams(text);
    const action = form.get("Action") ?? "";
    const target = ["GetSubscriptionAttributes", "Unsubscribe", "DescribeAlarms", "PutCompositeAlarm"].includes(action)
      ? "*"
      : resource(form);
    return [[action, target], ...(tagged(text) ? [[tag, target] as const] : [])];
  };
}

function alarmOrDashboard(form: URLSearchParams): string {
  const dashboard = form.get("DashboardName") ?? form.get("DashboardNames.member.1");
  return dashboard === null
    ? (form.get("ResourceARN") ??
        arn("cloudwatch", `alarm:${form.get("AlarmName") ?? form.get("AlarmNames.member.1")}`))
    : `arn:aws:cloudwatch::${ACCOUNT}:dashboard/${dashboard}`;
}

function iam({ text }: Request): Call[] {
  const form = new URLSearchParams(text);
  const role = `arn:aws:iam::${ACCOUNT}:role/${form.get("RoleName")}`;
  const given = { "iam:PolicyARN": form.get("PolicyArn"), "iam:PermissionsBoundary": form.get("PermissionsBoundary") };
  const context = Object.fromEntries(
    Object.entries(given).flatMap(([key, value]) => (value === null ? [] : [[key, value]])),
  );
  return [[form.get("Action") ?? "", role, context], ...(tagged(text) ? [["TagRole", role] as const] : [])];
}

/** By method and the end of the path (Lambda API reference). */
const LAMBDA: readonly (readonly [pattern: RegExp, action: string])[] = [
  [/^POST \/functions$/, "CreateFunction"],
  [/^POST \/functions\/[^/]+\/invocations$/, "InvokeFunction"],
  [/^GET \/functions\/[^/]+$/, "GetFunction"],
  [/^DELETE \/functions\/[^/]+$/, "DeleteFunction"],
  [/^PUT \/functions\/[^/]+\/code$/, "UpdateFunctionCode"],
  [/^GET \/functions\/[^/]+\/configuration$/, "GetFunctionConfiguration"],
  [/^PUT \/functions\/[^/]+\/configuration$/, "UpdateFunctionConfiguration"],
  [/^GET \/functions\/[^/]+\/versions$/, "ListVersionsByFunction"],
  [/^POST \/functions\/[^/]+\/versions$/, "PublishVersion"],
  [/^POST \/functions\/[^/]+\/aliases$/, "CreateAlias"],
  [/^GET \/functions\/[^/]+\/aliases\/\w+$/, "GetAlias"],
  [/^PUT \/functions\/[^/]+\/aliases\/\w+$/, "UpdateAlias"],
  [/^DELETE \/functions\/[^/]+\/aliases\/\w+$/, "DeleteAlias"],
  [/^GET \/functions\/[^/]+\/policy$/, "GetPolicy"],
  [/^POST \/functions\/[^/]+\/policy$/, "AddPermission"],
  [/^DELETE \/functions\/[^/]+\/policy\/[\w-]+$/, "RemovePermission"],
  [/^GET \/functions\/[^/]+\/concurrency$/, "GetFunctionConcurrency"],
  [/^PUT \/functions\/[^/]+\/concurrency$/, "PutFunctionConcurrency"],
  [/^DELETE \/functions\/[^/]+\/concurrency$/, "DeleteFunctionConcurrency"],
  [/^GET \/functions\/[^/]+\/event-invoke-config$/, "GetFunctionEventInvokeConfig"],
  [/^PUT \/functions\/[^/]+\/event-invoke-config$/, "PutFunctionEventInvokeConfig"],
  [/^POST \/functions\/[^/]+\/event-invoke-config$/, "UpdateFunctionEventInvokeConfig"],
  [/^DELETE \/functions\/[^/]+\/event-invoke-config$/, "DeleteFunctionEventInvokeConfig"],
  [/^GET \/functions\/[^/]+\/code-signing-config$/, "GetFunctionCodeSigningConfig"],
  [/^GET \/functions\/[^/]+\/provisioned-concurrency$/, "GetProvisionedConcurrencyConfig"],
  [/^POST \/event-source-mappings$/, "CreateEventSourceMapping"],
  [/^GET \/event-source-mappings$/, "ListEventSourceMappings"],
  [/^GET \/event-source-mappings\/[\w-]+$/, "GetEventSourceMapping"],
  [/^PUT \/event-source-mappings\/[\w-]+$/, "UpdateEventSourceMapping"],
  [/^DELETE \/event-source-mappings\/[\w-]+$/, "DeleteEventSourceMapping"],
  [/^GET \/tags\//, "ListTags"],
];

function lambda({ method, url, text }: Request): Call[] | undefined {
  const path = decodeURIComponent(url.pathname)
    .replace(/^\/\d{4}-\d\d-\d\d/, "")
    .replace(/\/$/, "");
  const action = LAMBDA.find(([pattern]) => pattern.test(`${method} ${path}`))?.[1];
  if (action === undefined) return undefined;
  const [, kind = "", given = ""] = path.split("/");
  const fields = parsed(text);
  if (kind === "tags") return [[action, path.slice("/tags/".length)]];
  // Whose function a mapping calls is known where it is made; afterwards Lambda knows it.
  if (kind === "event-source-mappings") return mappingCalls(action, given, fields, text);
  const name = given === "" ? String(fields["FunctionName"]) : given;
  const target = name.startsWith("arn:") ? name : arn("lambda", `function:${name}`);
  const passed: Call[] =
    fields["Role"] === undefined
      ? []
      : [["iam:PassRole", fields["Role"], { "iam:PassedToService": "lambda.amazonaws.com" }]];
  const tags: Call[] = action === "CreateFunction" && tagged(text) ? [["TagResource", target]] : [];
  return [[action, target, { "lambda:Principal": fields["Principal"] ?? "" }], ...passed, ...tags];
}

function mappingCalls(action: string, id: string, fields: Fields, text: string): Call[] {
  if (action === "ListEventSourceMappings") return [[action, "*"]];
  const context = {
    "lambda:FunctionArn": fields["FunctionName"] ?? arn("lambda", "function:quickturn-dev-worker:live"),
  };
  const mapping = arn("lambda", `event-source-mapping:${id || "new"}`);
  return [
    [action, id === "" ? "*" : mapping, context],
    ...(action.startsWith("Create") && tagged(text) ? [["TagResource", mapping] as const] : []),
  ];
}

/** S3's actions are not always called as its operations are. */
const BUCKET: Readonly<Record<string, readonly [read: string, write: string]>> = {
  accelerate: ["GetAccelerateConfiguration", "PutAccelerateConfiguration"],
  acl: ["GetBucketAcl", "PutBucketAcl"],
  cors: ["GetBucketCORS", "PutBucketCORS"],
  encryption: ["GetEncryptionConfiguration", "PutEncryptionConfiguration"],
  lifecycle: ["GetLifecycleConfiguration", "PutLifecycleConfiguration"],
  logging: ["GetBucketLogging", "PutBucketLogging"],
  "object-lock": ["GetBucketObjectLockConfiguration", "PutBucketObjectLockConfiguration"],
  policy: ["GetBucketPolicy", "PutBucketPolicy"],
  publicAccessBlock: ["GetBucketPublicAccessBlock", "PutBucketPublicAccessBlock"],
  replication: ["GetReplicationConfiguration", "PutReplicationConfiguration"],
  requestPayment: ["GetBucketRequestPayment", "PutBucketRequestPayment"],
  tagging: ["GetBucketTagging", "PutBucketTagging"],
  versioning: ["GetBucketVersioning", "PutBucketVersioning"],
  website: ["GetBucketWebsite", "PutBucketWebsite"],
  versions: ["ListBucketVersions", ""],
  "list-type": ["ListBucket", ""],
};

function s3({ method, url, text }: Request): Call[] | undefined {
  const [, bucket = "", ...key] = url.pathname.split("/");
  const target = `arn:aws:s3:::${bucket}`;
  if (method === "POST" && url.searchParams.has("delete")) return deletions(target, text);
  if (key.join("") !== "")
    return [
      [
        { GET: "GetObject", HEAD: "GetObject", PUT: "PutObject", DELETE: "DeleteObject" }[method] ?? "",
        `${target}/${key.join("/")}`,
      ],
    ];
  const part = [...url.searchParams.keys()].find((name) => name in BUCKET);
  // Only a policy's deletion has an action of its own; the other parts are deleted by the permission to write them.
  if (part === "policy" && method === "DELETE") return [["DeleteBucketPolicy", target]];
  if (part !== undefined) return [[BUCKET[part]![method === "GET" ? 0 : 1], target]];
  const whole = { HEAD: "ListBucket", GET: "ListBucket", PUT: "CreateBucket", DELETE: "DeleteBucket" }[method];
  return whole === undefined ? undefined : [[whole, target]];
}

/** Of DeleteObjects: each object, or the version of it that is named. */
function deletions(bucket: string, text: string): Call[] {
  return [...text.matchAll(/<Object>(.*?)<\/Object>/gs)].map(([, object = ""]) => {
    const [, key = ""] = /<Key>(.*?)<\/Key>/s.exec(object) ?? [];
    return [object.includes("<VersionId>") ? "DeleteObjectVersion" : "DeleteObject", `${bucket}/${key}`];
  });
}

/** API Gateway's actions are HTTP's methods, its resources the paths. */
function apigateway({ method, url, text }: Request): Call[] {
  const api = (path: string) => `arn:aws:apigateway:${REGION}::${path}`;
  const role = parsed(text)["cloudwatchRoleArn"];
  return [
    [method, api(decodeURIComponent(url.pathname))],
    ...(method === "POST" && tagged(text) ? [["PUT", api("/tags/new")] as const] : []),
    ...(role === undefined
      ? []
      : [["iam:PassRole", role, { "iam:PassedToService": "apigateway.amazonaws.com" }] as const]),
  ];
}
