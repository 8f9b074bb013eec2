import {
  GetFunctionCommand,
  GetPolicyCommand,
  LambdaClient,
  paginateListEventSourceMappings,
  ResourceNotFoundException,
} from "@aws-sdk/client-lambda";
import {
  findTwins,
  mappingName,
  plannedRegion,
  wantedResources,
  type HeldResource,
  type LookedUp,
  type Twins,
  type WantedResource,
} from "./adoption";
import { GetQueueUrlCommand, SQSClient } from "@aws-sdk/client-sqs";
import { clientConfiguration, type AwsPlace, API_GATEWAY, getSigned } from "../kit/aws-client";
import type { Terraform } from "../kit/terraform";

/** Finds resources of one type; it may find more than the names. */
type FindInLambda = (
  client: LambdaClient,
  names: readonly string[],
  abortSignal: AbortSignal,
) => Promise<HeldResource[]>;

/** Every mapping of the region. The list has neither tags nor dates. */
const findMappings: FindInLambda = async (client, _, abortSignal) => {
  const held: HeldResource[] = [];
  for await (const { EventSourceMappings: page = [] } of paginateListEventSourceMappings(
    { client },
    {},
    { abortSignal },
  ))
    for (const { UUID: id, EventSourceArn: source, FunctionArn: target } of page)
      if (id !== undefined && source !== undefined && target !== undefined)
        held.push({ ...undated("aws_lambda_event_source_mapping", id), name: mappingName(source, target) });
  return held;
};

/** A resource whose name is its id, and whose answer has neither tags nor a date. */
const undated = (type: LookedUp, id: string): HeldResource => ({ type, id, name: id, createdAtSeconds: 0 });

/** The functions of these names. The plan compares their tags: one of another deployment is in the way as well. */
const findFunctions: FindInLambda = async (client, names, abortSignal) => {
  const found = await Promise.all(
    names.map(async (name) => {
      const command = new GetFunctionCommand({ FunctionName: name });
      const answer = await undefinedIfMissing(client.send(command, { abortSignal }));
      return answer === undefined ? [] : [undated("aws_lambda_function", name)];
    }),
  );
  return found.flat();
};

/** The statements of these names, `<function>/<statement>` or `<function>:<alias>/<statement>`. */
const findPermissions: FindInLambda = async (client, names, abortSignal) => {
  const owners = [...new Set(names.map((name) => name.slice(0, name.indexOf("/"))))];
  const found = await Promise.all(
    owners.map(async (owner) => {
      const [FunctionName, Qualifier] = owner.split(":");
      const command = new GetPolicyCommand({ FunctionName, Qualifier });
      const answer = await undefinedIfMissing(client.send(command, { abortSignal }));
      const { Statement: statements = [] } = JSON.parse(answer?.Policy ?? "{}") as {
        readonly Statement?: readonly { readonly Sid?: string }[];
      };
      return statements.map(({ Sid }) => `${owner}/${Sid ?? ""}`);
    }),
  );
  return names.filter((name) => found.flat().includes(name)).map((name) => undated("aws_lambda_permission", name));
};

/** The answer, or undefined where Lambda has no such resource. */
async function undefinedIfMissing<T>(answer: Promise<T>): Promise<T | undefined> {
  return answer.catch((error: unknown) => {
    if (error instanceof ResourceNotFoundException) return undefined;
    throw error;
  });
}

/** A page of a list of API Gateway. Its dates are in seconds since 1970. */
interface Page {
  readonly item?: readonly {
    readonly id: string;
    readonly name?: string;
    readonly createdDate?: number;
    readonly tags?: Readonly<Record<string, string>>;
  }[];
  readonly position?: string;
}

/** The address of a queue. @throws Error where there is none of that name */
export async function queueUrl(name: string, place: AwsPlace, signal: AbortSignal): Promise<string> {
  const client = new SQSClient(clientConfiguration(place, "SQS"));
  try {
    const { QueueUrl: url } = await client.send(new GetQueueUrlCommand({ QueueName: name }), { abortSignal: signal });
    if (url === undefined) throw new Error(`SQS in ${place.region} gives no address for the queue ${name}`);
    return url;
  } finally {
    client.destroy();
  }
}

type Finder = (names: readonly string[], place: AwsPlace, signal: AbortSignal) => Promise<HeldResource[]>;

const FINDERS: Readonly<Record<LookedUp, Finder>> = {
  aws_api_gateway_rest_api: listInGateway("aws_api_gateway_rest_api", "/restapis"),
  aws_api_gateway_api_key: listInGateway("aws_api_gateway_api_key", "/apikeys"),
  aws_api_gateway_usage_plan: listInGateway("aws_api_gateway_usage_plan", "/usageplans"),
  aws_cloudfront_distribution: listDistributions,
  aws_lambda_event_source_mapping: inLambda(findMappings),
  aws_lambda_function: inLambda(findFunctions),
  aws_lambda_permission: inLambda(findPermissions),
};

function inLambda(find: FindInLambda): Finder {
  return async (names, place, signal) => {
    const client = new LambdaClient(clientConfiguration(place, "LAMBDA"));
    try {
      return await find(client, names, signal);
    } finally {
      client.destroy();
    }
  };
}

function listInGateway(type: LookedUp, path: string): Finder {
  return async (_, place, signal) => {
    const held: HeldResource[] = [];
    let position: string | undefined;
    do {
      const query = { limit: "500", ...(position === undefined ? {} : { position }) };
      const page = JSON.parse(await getSigned(place, API_GATEWAY(place.region), { path, query, signal })) as Page;
      for (const { id, name = "", createdDate: createdAtSeconds = 0, tags = {} } of page.item ?? [])
        held.push({ type, id, name, tags, createdAtSeconds });
      position = page.position;
    } while (position !== undefined);
    return held;
  };
}

/** CloudFront is a global service: its requests are signed for this region, wherever the deployment is. */
const CLOUDFRONT_REGION = "us-east-1";
const CLOUDFRONT = { service: "cloudfront", variable: "CLOUDFRONT", host: "cloudfront.amazonaws.com" };

/** The list is XML, and has neither tags nor dates. */
async function listDistributions(_: readonly string[], place: AwsPlace, signal: AbortSignal): Promise<HeldResource[]> {
  const held: HeldResource[] = [];
  let marker: string | undefined;
  do {
    const query: Readonly<Record<string, string>> = marker === undefined ? {} : { Marker: marker };
    const global = { ...place, region: CLOUDFRONT_REGION };
    const text = await getSigned(global, CLOUDFRONT, { path: "/2020-05-31/distribution", query, signal });
    for (const [, summary = ""] of text.matchAll(/<DistributionSummary>(.*?)<\/DistributionSummary>/gs)) {
      // The distribution's own id comes first; origins and behaviours have ids as well.
      const id = readElement(summary, "Id");
      if (id !== undefined)
        held.push({
          ...undated("aws_cloudfront_distribution", id),
          name: readElement(ownPart(summary), "Comment") ?? "",
        });
    }
    marker = readElement(text, "NextMarker");
  } while (marker !== undefined && marker !== "");
  return held;
}

/** The text of the first such element. Names of this stack contain nothing that XML escapes. */
function readElement(xml: string, name: string): string | undefined {
  return new RegExp(`<${name}>([^<]*)</${name}>`).exec(xml)?.[1];
}

/** The summary without its parts that have comments of their own. */
function ownPart(summary: string): string {
  const parts = "Origins|OriginGroups|DefaultCacheBehavior|CacheBehaviors|CustomErrorResponses";
  return summary.replaceAll(new RegExp(`<(${parts})>.*?</\\1>`, "gs"), "");
}

/**
 * Asks AWS for what a plan would make twice.
 * @param options `which`: see {@link wantedResources}; `signal`: aborts the calls; default: never aborts
 */
export async function lookUpTwins(
  terraform: Terraform,
  plan: unknown,
  { which, signal = new AbortController().signal }: { readonly which: "made" | "all"; readonly signal?: AbortSignal },
): Promise<Twins> {
  const wanted = wantedResources(plan, which);
  if (wanted.length === 0) return { imports: [], surplus: [] };
  const place = { environment: terraform.environment, region: plannedRegion(plan, terraform) };
  return findTwins(plan, await findHeld(wanted, place, signal));
}

/**
 * The wanted resources that AWS holds in the account and region; of some types more.
 * @throws Error with the permission that is needed
 */
export async function findHeld(
  wanted: readonly WantedResource[],
  place: AwsPlace,
  signal: AbortSignal,
): Promise<HeldResource[]> {
  const held: HeldResource[] = [];
  for (const type of new Set(wanted.map((resource) => resource.type))) {
    const names = wanted.flatMap((resource) => (resource.type === type ? [resource.name] : []));
    held.push(...(await FINDERS[type](names, place, signal)));
  }
  return held;
}
