import { hclBlock } from "../kit/hcl";

type Fields = Readonly<Record<string, unknown>>;

/** The file of each type of resource and data source: the first that matches. What matches none is in main.tf. */
const TOPICS: readonly (readonly [RegExp, string])[] = [
  [/^aws_(cloudwatch_(metric|composite)_alarm|sns|budgets)/, "alarms.tf"],
  [/^aws_cloudwatch_dashboard/, "dashboard.tf"],
  [/^aws_(sqs|lambda_event_source_mapping)/, "queue.tf"],
  [/^aws_(dynamodb|s3|kms)/, "storage.tf"],
  [/^aws_(api_gateway|wafv2|cloudfront)/, "api.tf"],
  [/^aws_(lambda|cloudwatch_event|iam|cloudwatch_log)/, "functions.tf"],
];

/** The file of each other kind of block. */
const FILES: Readonly<Record<string, string>> = {
  locals: "locals.tf",
  output: "outputs.tf",
  terraform: "versions.tf",
  variable: "variables.tf",
};

/** A module's files of Terraform JSON as HCL, by topic. */
export function createHclFiles(jsonFiles: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  const files: Record<string, string[]> = {};
  const add = (file: string, header: string, fields: unknown) => {
    (files[file] ??= []).push(hclBlock(header, omitEmptyLists(fields as Fields)).join("\n"));
  };
  const content = Object.assign({}, ...Object.values(jsonFiles).map((text) => JSON.parse(text) as Fields)) as Fields;
  for (const [kind, blocks] of Object.entries(content)) {
    const file = FILES[kind] ?? "main.tf";
    if (kind === "locals" || kind === "terraform") add(file, kind, blocks);
    else
      for (const [name, block] of Object.entries(blocks as Fields))
        if (kind !== "resource" && kind !== "data") add(file, `${kind} "${name}"`, block);
        else
          for (const [id, fields] of Object.entries(block as Fields))
            add(TOPICS.find(([type]) => type.test(name))?.[1] ?? file, `${kind} "${name}" "${id}"`, fields);
  }
  return Object.fromEntries(Object.entries(files).map(([file, blocks]) => [file, `${blocks.join("\n\n")}\n`]));
}

/** Lists of blocks of which there is none; HCL has no way to write them, and needs none. */
const BLOCK_LISTS = new Set(["rule_action_override"]);

function omitEmptyLists<T>(value: T): T {
  const omit = (name: string, each: unknown): unknown =>
    BLOCK_LISTS.has(name) && Array.isArray(each) && each.length === 0 ? undefined : each;
  return JSON.parse(JSON.stringify(value, omit)) as T;
}
