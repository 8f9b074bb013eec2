import {
  GetFunctionCommand,
  GetPolicyCommand,
  type LambdaClient,
  paginateListEventSourceMappings,
  ResourceNotFoundException,
} from "@aws-sdk/client-lambda";
import { mappingName, type Held } from "../judges/adoption/twins";

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
