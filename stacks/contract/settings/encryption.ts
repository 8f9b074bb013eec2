import type { Rule, Setting } from "./setting";

/** Pattern of a key's ARN. An alias is refused, because it can be moved to another key unknown to Terraform. */
export const KEY_ARN = {
  expression: "^arn:aws[a-z-]*:kms:[a-z0-9-]+:[0-9]{12}:key/[a-zA-Z0-9-]+$",
  meaning: "the ARN of a key, not of an alias",
} as const;

/** Condition: an ARN is of the deployment's region. Only the pattern refuses what is no ARN. */
export const inRegion = (arn: string): string => `try(split(":", ${arn})[3], var.aws_region) == var.aws_region`;

/** Tables, queues and topics take no key of another region. */
const keyIsHere: Rule = {
  condition: `var.kms_key_arn == null ? true : ${inRegion("var.kms_key_arn")}`,
  message: "allowed: a key of aws_region, ${var.aws_region}; make one there, or replicate a multi-Region key to it",
};

/** IAM takes 10,240 characters of a role's own policies, and 6,144 of a pipeline's. */
const MAX_KEYS = 4;

/** Rule for a list of keys. */
export const keysAreHere = (name: string): Rule => ({
  condition:
    `length(var.${name}) <= ${MAX_KEYS} && length(distinct(var.${name})) == length(var.${name}) && alltrue([for ` +
    `arn in var.${name} : can(regex("${KEY_ARN.expression}", arn)) && ${inRegion("arn")}])`,
  message:
    `allowed: at most ${MAX_KEYS} different ARNs of keys, not of aliases, ` + "each of aws_region, ${var.aws_region}",
});

/**
 * The key that encrypts all data. The operator brings it: a key that a setting created would be deleted with the
 * setting, and the data could not be read any more.
 */
export const encryptionSettings = [
  {
    name: "kms_key_arn",
    type: "string",
    description:
      "ARN of your KMS key that encrypts the tables, the queues, the results, the logs and the alarms' topic; " +
      "null = AWS's own keys. Its policy must let CloudWatch Logs and CloudWatch's alarms use it (RUNBOOK, \"A " +
      'key of your own"). Where another key takes its place, or null, it goes into former_kms_key_arns in the ' +
      "same apply.",
    value: null,
    pattern: KEY_ARN,
    effect: "in place",
    rules: [keyIsHere],
  },
  {
    name: "former_kms_key_arns",
    type: "structured",
    terraformType: "list(string)",
    description:
      "ARNs of KMS keys that were kms_key_arn, under which results and messages are still encrypted: the " +
      "functions may go on using them. kms_key_arn may be among them.",
    value: [],
    effect: "in place",
    rules: [keysAreHere("former_kms_key_arns")],
  },
] as const satisfies readonly Setting[];
