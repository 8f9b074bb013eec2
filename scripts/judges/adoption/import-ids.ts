import type { Values } from "./planned";

/**
 * Yields what `terraform import` takes, from the planned values and from what AWS said; undefined where a part is not
 * known yet.
 */
type ImportId = (values: Values, said: string) => string | undefined;

/**
 * By type, for what AWS refuses to make a second time under one name (provider documentation, "Import"). The other
 * types are put, not made: terraform overwrites them, and then knows them. What AWS does make twice is in twins.ts.
 */
const IMPORT_IDS: Readonly<Record<string, ImportId>> = {
  aws_iam_role: ({ name }) => whole`${name}`,
  aws_lambda_function: ({ function_name: name }) => whole`${name}`,
  aws_lambda_alias: ({ function_name: of, name }) => whole`${of}/${name}`,
  aws_lambda_permission: ({ function_name: of, qualifier, statement_id: statement }) =>
    qualifier === null || qualifier === undefined ? whole`${of}/${statement}` : whole`${of}:${qualifier}/${statement}`,
  // The one id that nobody chose and that cannot be asked for by name; AWS says it when it refuses.
  aws_lambda_event_source_mapping: (_, said) => /UUID ([0-9a-f-]{36})/.exec(said)?.[1],
  aws_dynamodb_table: ({ name }) => whole`${name}`,
  aws_cloudwatch_log_group: ({ name }) => whole`${name}`,
  aws_s3_bucket: ({ bucket }) => whole`${bucket}`,
  aws_api_gateway_stage: ({ rest_api_id: api, stage_name: name }) => whole`${api}/${name}`,
  aws_api_gateway_usage_plan_key: ({ usage_plan_id: plan, key_id: key }) => whole`${plan}/${key}`,
};

/**
 * What to import a planned resource from; undefined where its type is never refused, or a part of it is not known yet.
 */
export function importId(type: string, values: Values, said: string): string | undefined {
  return IMPORT_IDS[type]?.(values, said);
}

/** The text, or undefined where a part is no string: planned, but known only after the apply. */
function whole(texts: TemplateStringsArray, ...parts: readonly unknown[]): string | undefined {
  return parts.every((part) => typeof part === "string" && part !== "") ? String.raw(texts, ...parts) : undefined;
}
