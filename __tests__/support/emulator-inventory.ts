import { Sha256 } from "@aws-crypto/sha256-js";
import { SignatureV4 } from "@smithy/signature-v4";

/** Ids of what an account holds, as terraform has them in `id`, by terraform's type. */
export type Inventory = Readonly<Record<string, readonly string[]>>;

/** How a service lists what it holds. */
interface List {
  readonly service: string;
  readonly path?: string;
  /** `x-amz-target` of a service that takes one; the body is then JSON. */
  readonly target?: string;
  /** Query of an older service; the answer is then XML. */
  readonly action?: string;
  /** The ids in the answer's text. */
  readonly ids: (text: string) => readonly string[];
}

/**
 * Of everything that the stack makes and that has an existence of its own; one page each is enough for an emulator's.
 */
const LISTS: Readonly<Record<string, List>> = {
  aws_api_gateway_api_key: { service: "apigateway", path: "/apikeys", ids: inJson("item", "id") },
  aws_api_gateway_rest_api: { service: "apigateway", path: "/restapis", ids: inJson("item", "id") },
  aws_api_gateway_usage_plan: { service: "apigateway", path: "/usageplans", ids: inJson("item", "id") },
  aws_cloudwatch_event_rule: { service: "events", target: "AWSEvents.ListRules", ids: inJson("Rules", "Name") },
  aws_cloudwatch_log_group: {
    service: "logs",
    target: "Logs_20140328.DescribeLogGroups",
    ids: inJson("logGroups", "logGroupName"),
  },
  aws_dynamodb_table: {
    service: "dynamodb",
    target: "DynamoDB_20120810.ListTables",
    ids: (text) => (JSON.parse(text) as { TableNames: string[] }).TableNames,
  },
  aws_iam_role: { service: "iam", action: "Action=ListRoles&Version=2010-05-08", ids: inXml("RoleName") },
  aws_lambda_event_source_mapping: {
    service: "lambda",
    path: "/2015-03-31/event-source-mappings/",
    ids: inJson("EventSourceMappings", "UUID"),
  },
  aws_lambda_function: { service: "lambda", path: "/2015-03-31/functions/", ids: inJson("Functions", "FunctionName") },
  aws_s3_bucket: { service: "s3", path: "/", ids: inXml("Name") },
  aws_sns_topic: { service: "sns", action: "Action=ListTopics&Version=2010-03-31", ids: inXml("TopicArn") },
  aws_sqs_queue: {
    service: "sqs",
    target: "AmazonSQS.ListQueues",
    ids: (text) => (JSON.parse(text) as { QueueUrls?: string[] }).QueueUrls ?? [],
  },
};

/** Asks an emulator for all that it holds, whoever made it. Throws where it does not answer. */
export async function emulatorInventory(endpoint: string): Promise<Inventory> {
  const lists = await Promise.all(
    Object.entries(LISTS).map(async ([type, list]) => [type, [...list.ids(await ask(endpoint, list))].sort()] as const),
  );
  return Object.fromEntries(lists);
}

async function ask(endpoint: string, { service, path = "/", target, action }: List): Promise<string> {
  const { protocol, hostname, port, host } = new URL(endpoint);
  const body = target === undefined ? action : "{}";
  const type: Record<string, string> =
    target === undefined
      ? { "content-type": "application/x-www-form-urlencoded" }
      : { "content-type": "application/x-amz-json-1.1", "x-amz-target": target };
  const sent = body === undefined ? { method: "GET" } : { method: "POST", body };
  const signer = new SignatureV4({
    credentials: { accessKeyId: "local", secretAccessKey: "local" },
    region: "us-east-1",
    service,
    sha256: Sha256,
  });
  const { headers } = await signer.sign({
    ...sent,
    protocol,
    hostname,
    port: Number(port),
    path,
    headers: { host, ...(body === undefined ? {} : type) },
  });
  const answer = await fetch(`${endpoint}${path}`, { ...sent, headers, signal: AbortSignal.timeout(30_000) });
  const text = await answer.text();
  if (!answer.ok)
    throw new Error(
      `The emulator answers ${answer.status} when ${service} is asked what it holds: ${text.slice(0, 200)}`,
    );
  return text;
}

function inJson(list: string, id: string): List["ids"] {
  return (text) =>
    ((JSON.parse(text) as Record<string, Record<string, string>[] | undefined>)[list] ?? []).map(
      (one) => one[id] ?? "",
    );
}

function inXml(name: string): List["ids"] {
  return (text) => [...text.matchAll(new RegExp(`<${name}>([^<]+)</${name}>`, "g"))].map(([, id = ""]) => id);
}
