import {
  GetFunctionCommand,
  GetPolicyCommand,
  LambdaClient,
  paginateListEventSourceMappings,
  ResourceNotFoundException,
} from "@aws-sdk/client-lambda";
import { mappingName, type Held, type LookedFor, type Wanted, twins, wantedOf, type Twins } from "./twins";
import { GetQueueUrlCommand, SQSClient } from "@aws-sdk/client-sqs";
import { clientConfiguration, type AwsPlace, API_GATEWAY, getSigned } from "../kit/aws-client";
import { plannedVariable } from "./adoption";
import type { Terraform } from "../kit/terraform";

type Find = (client: LambdaClient, names: readonly string[], signal: AbortSignal) => Promise<Held[]>;

/** Every mapping of the region. The list says neither tags nor dates of making. */
export const findMappings: Find = async (client, _, signal) => {
  const held: Held[] = [];
  for await (const { EventSourceMappings: page = [] } of paginateListEventSourceMappings(
    { client },
    {},
    { abortSignal: signal },
  )) {
    for (const { UUID: id, EventSourceArn: source, FunctionArn: target } of page) {
      if (id !== undefined && source !== undefined && target !== undefined)
        held.push({
          type: "aws_lambda_event_source_mapping",
          id,
          name: mappingName(source, target),
          createdAtSeconds: 0,
        });
    }
  }
  return held;
};

/**
 * The functions of these names. Their tags are looked at in the plan: one of another deployment's is in the way all the
 * same.
 */
export const findFunctions: Find = async (client, names, abortSignal) => {
  const answers = await Promise.all(
    names.map((name) => orUndefined(client.send(new GetFunctionCommand({ FunctionName: name }), { abortSignal }))),
  );
  return answers.flatMap((answer, index) =>
    answer === undefined
      ? []
      : [{ type: "aws_lambda_function" as const, id: names[index]!, name: names[index]!, createdAtSeconds: 0 }],
  );
};

/** The statements of these names, `<function>/<statement>` or `<function>:<alias>/<statement>`. */
export const findPermissions: Find = async (client, names, abortSignal) => {
  const owners = [...new Set(names.map((name) => name.slice(0, name.indexOf("/"))))];
  const found = await Promise.all(
    owners.map(async (owner) => {
      const [FunctionName, Qualifier] = owner.split(":");
      const answer = await orUndefined(
        client.send(new GetPolicyCommand({ FunctionName, ...(Qualifier === undefined ? {} : { Qualifier }) }), {
          abortSignal,
        }),
      );
      const { Statement: statements = [] } = JSON.parse(answer?.Policy ?? "{}") as {
        readonly Statement?: readonly { readonly Sid?: string }[];
      };
      return statements.map(({ Sid }) => `${owner}/${Sid ?? ""}`);
    }),
  );
  const there = new Set(found.flat());
  return names
    .filter((name) => there.has(name))
    .map((name) => ({ type: "aws_lambda_permission", id: name, name, createdAtSeconds: 0 }));
};

/** What is not there is no failure here. */
async function orUndefined<T>(answer: Promise<T>): Promise<T | undefined> {
  return answer.catch((error: unknown) => {
    if (error instanceof ResourceNotFoundException) return undefined;
    throw error;
  });
}

/** A page of a list of API Gateway's. It names tags `tags`, and dates in seconds since 1970. */
interface Page {
  readonly item?: readonly {
    readonly id: string;
    readonly name?: string;
    readonly createdDate?: number;
    readonly tags?: Readonly<Record<string, string>>;
  }[];
  readonly position?: string;
}

/** What AWS holds of what is wanted, in the account and region; of some types more. Throws with what it takes. */
export async function heldResources(wanted: readonly Wanted[], place: AwsPlace, signal: AbortSignal): Promise<Held[]> {
  const held: Held[] = [];
  for (const type of new Set(wanted.map((one) => one.type))) {
    const names = wanted.filter((one) => one.type === type).map(({ name }) => name);
    held.push(...(await FINDERS[type](names, place, signal)));
  }
  return held;
}

/** Address of a queue. Throws where there is none of that name. */
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

type Finder = (names: readonly string[], place: AwsPlace, signal: AbortSignal) => Promise<Held[]>;

const FINDERS: Readonly<Record<LookedFor, Finder>> = {
  aws_api_gateway_rest_api: gatewayList("aws_api_gateway_rest_api", "/restapis"),
  aws_api_gateway_api_key: gatewayList("aws_api_gateway_api_key", "/apikeys"),
  aws_api_gateway_usage_plan: gatewayList("aws_api_gateway_usage_plan", "/usageplans"),
  aws_cloudfront_distribution: distributions,
  aws_lambda_event_source_mapping: inLambda(findMappings),
  aws_lambda_function: inLambda(findFunctions),
  aws_lambda_permission: inLambda(findPermissions),
};

function inLambda(
  find: (client: LambdaClient, names: readonly string[], signal: AbortSignal) => Promise<Held[]>,
): Finder {
  return async (names, place, signal) => {
    const client = new LambdaClient(clientConfiguration(place, "LAMBDA"));
    try {
      return await find(client, names, signal);
    } finally {
      client.destroy();
    }
  };
}

function gatewayList(type: LookedFor, path: string): Finder {
  return async (_, place, signal) => {
    const held: Held[] = [];
    let position: string | undefined;
    do {
      const text = await getSigned(place, API_GATEWAY(place.region), {
        path,
        query: { limit: "500", ...(position === undefined ? {} : { position }) },
        signal,
      });
      const page = JSON.parse(text) as Page;
      held.push(
        ...(page.item ?? []).map(({ id, name = "", createdDate = 0, tags = {} }) => ({
          type,
          id,
          name,
          tags,
          createdAtSeconds: createdDate,
        })),
      );
      position = page.position;
    } while (position !== undefined);
    return held;
  };
}

/** The list is XML, and says neither tags nor dates of making. */
async function distributions(_: readonly string[], place: AwsPlace, signal: AbortSignal): Promise<Held[]> {
  const held: Held[] = [];
  let marker: string | undefined;
  do {
    // A global service: it is signed for one region, whichever the deployment is in.
    const text = await getSigned(
      { ...place, region: "us-east-1" },
      { service: "cloudfront", variable: "CLOUDFRONT", host: "cloudfront.amazonaws.com" },
      { path: "/2020-05-31/distribution", query: marker === undefined ? {} : { Marker: marker }, signal },
    );
    for (const [, summary = ""] of text.matchAll(/<DistributionSummary>(.*?)<\/DistributionSummary>/gs)) {
      // Origins and behaviours hold ids of their own; a distribution's comes first.
      const [id, name] = [element(summary, "Id"), commentOf(summary)];
      if (id !== undefined) held.push({ type: "aws_cloudfront_distribution", id, name, createdAtSeconds: 0 });
    }
    marker = element(text, "NextMarker");
  } while (marker !== undefined && marker !== "");
  return held;
}

function element(xml: string, name: string): string | undefined {
  return new RegExp(`<${name}>([^<]*)</${name}>`).exec(xml)?.[1];
}

/** A name of ours holds no character that XML escapes. */
function commentOf(summary: string): string {
  return (
    element(
      summary.replaceAll(
        /<(Origins|OriginGroups|DefaultCacheBehavior|CacheBehaviors|CustomErrorResponses)>.*?<\/\1>/gs,
        "",
      ),
      "Comment",
    ) ?? ""
  );
}

/** Asks AWS for what a plan makes and is there already; with `all` also for a second one of what it holds. */
export async function lookUpTwins(
  terraform: Terraform,
  plan: unknown,
  which: "made" | "all",
  signal = new AbortController().signal,
): Promise<Twins> {
  const wanted = wantedOf(plan, which);
  if (wanted.length === 0) return { imports: [], surplus: [] };
  return twins(
    plan,
    await heldResources(wanted, { environment: terraform.environment, region: regionOf(plan, terraform) }, signal),
  );
}

/** The provider's region, as the stack has it from its variable. */
export function regionOf(plan: unknown, { environment }: Terraform): string {
  const region = plannedVariable(plan, "aws_region") ?? environment["AWS_REGION"];
  if (region === undefined)
    throw new Error("The plan names no region; give the variable aws_region, or set AWS_REGION");
  return region;
}
