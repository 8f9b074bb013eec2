import { numberBetween, PROFILES, type Setting, type Rule } from "./setting";

/** Settings that decide whether a resource exists, although another resource of the same root may make their value. */
export const MADE_ELSEWHERE = ["alarm_email", "alarm_topic_arn", "kms_key_arn"] as const;

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

/** What is deployed, where, and by which key its data is encrypted. */
export const deploymentSettings = [
  {
    name: "name",
    type: "string",
    description: "Names the deployment; the first part of every resource's name.",
    value: "quickturn",
    // The longest name made from it is the results bucket's: 24 + 10 + 22 characters, of S3's 63.
    pattern: {
      expression: "^[a-z][a-z0-9-]{0,22}[a-z0-9]$",
      meaning: "2 to 24 lower-case letters, digits and hyphens, from a letter to a letter or digit",
    },
    effect: "identity",
  },
  {
    name: "environment",
    type: "string",
    description: "Stage of the deployment's life (dev, staging, prod); the second part of every resource's name.",
    value: "dev",
    pattern: { expression: "^[a-z][a-z0-9]{0,9}$", meaning: "1 to 10 lower-case letters and digits, from a letter" },
    effect: "identity",
  },
  {
    name: "aws_region",
    type: "string",
    description: "AWS region of everything but CloudFront, which is global.",
    value: "us-east-1",
    pattern: { expression: "^[a-z]{2}(-[a-z]+)+-[0-9]$", meaning: "a region's code, such as us-east-1" },
    effect: "identity",
  },
  {
    name: "profile",
    type: "string",
    description:
      "baseline: no optimization; optimized: all of them; low_latency: optimized, and no cold start. A setting " +
      "left null follows it.",
    value: "optimized",
    allowed: PROFILES,
    effect: "in place",
  },
  {
    name: "tags",
    type: "structured",
    terraformType: "map(string)",
    description: "Tags added to every resource that takes any.",
    value: {},
    effect: "in place",
    rules: [
      {
        condition: "length(var.tags) <= 40",
        message: "allowed: at most 40 tags (AWS takes 50, and some are ours)",
      },
      {
        condition:
          'alltrue([for key, value in var.tags : !startswith(lower(key), "aws:") && length(key) >= 1 && ' +
          "length(key) <= 128 && length(value) <= 256])",
        message: "allowed: keys of 1 to 128 characters that do not begin with aws:, values of up to 256",
      },
    ],
  },
  {
    name: "package_type",
    type: "string",
    description:
      "How the functions' code is deployed: as zips that come along, or as one container image. AWS cannot " +
      "change it for a function that exists: choose it at creation. Another value replaces the functions, with " +
      "their versions.",
    value: "zip",
    allowed: ["zip", "image"],
    effect: "identity",
    rules: [
      {
        condition: '(var.package_type == "image") == (var.image_uri != null)',
        message:
          'image_uri is ${var.image_uri == null ? "not given" : "given"}; allowed: zip without image_uri, image ' +
          "with it",
      },
    ],
  },
  {
    name: "image_uri",
    type: "string",
    description: "With package_type image: the image in ECR, by its digest, in the deployment's region.",
    value: null,
    pattern: {
      expression:
        "^[0-9]{12}[.]dkr[.]ecr[.][a-z0-9-]+[.]amazonaws[.]com([.]cn)?/[a-z0-9][a-z0-9._/-]*@sha256:[0-9a-f]{64}$",
      meaning:
        "<account>.dkr.ecr.<region>.amazonaws.com/<repository>@sha256:<64 hexadecimal digits>; a tag may be " +
        "another image tomorrow, and a rollback would bring that one",
    },
    effect: "new version",
  },
  {
    name: "deletion_protection",
    type: "bool",
    description: "Refuses to delete the tables, and to empty the results bucket when it is destroyed.",
    value: true,
    effect: "in place",
  },
  {
    name: "known_after_apply",
    type: "structured",
    terraformType: "list(string)",
    description:
      `Names of the settings among ${MADE_ELSEWHERE.join(", ")} whose values are attributes of resources that the ` +
      "same root makes: Terraform must know when planning that they are given.",
    value: [],
    effect: "in place",
    rules: [
      {
        condition: `alltrue([for name in var.known_after_apply : contains(${JSON.stringify(MADE_ELSEWHERE)}, name)])`,
        message: `allowed names: ${MADE_ELSEWHERE.join(", ")}`,
      },
      {
        condition: MADE_ELSEWHERE.map(
          (name) => `!(contains(var.known_after_apply, "${name}") && var.${name} == null)`,
        ).join(" && "),
        message: "allowed: settings that are given, not null; give the value, or take the name out",
      },
    ],
  },
  {
    name: "permissions_boundary_arn",
    type: "string",
    description:
      "ARN of a policy that limits what the roles made here may do, whatever they are allowed: pipeline-access " +
      "has one as its output function_boundary_arn, and its roles apply no role without it. null = none.",
    value: null,
    pattern: { expression: "^arn:aws[a-z-]*:iam::([0-9]{12}|aws):policy/.+$", meaning: "the ARN of an IAM policy" },
    effect: "in place",
  },
  {
    name: "request_retention_in_days",
    ...numberBetween(1, 365, "days"),
    description: "How long a request, its answer and its conversation are kept.",
    value: 7,
    effect: "new version",
  },
  {
    name: "log_retention_in_days",
    ...numberBetween(1, 3653, "days"),
    description: "How long CloudWatch keeps the logs.",
    value: 30,
    // PutRetentionPolicy's own list (AWS provider 5.100.0, aws_cloudwatch_log_group).
    allowed: [1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653],
    effect: "in place",
  },
  // The operator brings the key: one that a setting created would go with the setting, and nobody could read the
  // data any more.
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
