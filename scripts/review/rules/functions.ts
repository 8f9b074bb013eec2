import type { AuditedResource } from "../audited-plan";
import { isUnclear, Unknown } from "../plan-json";
import {
  attributeRule,
  type Evaluate,
  fail,
  isGiven,
  isOneOf,
  judgeAttribute,
  type Judgement,
  namePart,
  NOT_APPLICABLE,
  passIf,
  type Rule,
  unknownUntilApply,
} from "../rule";

const FUNCTION = "aws_lambda_function";
const PERMISSION = "aws_lambda_permission";

/**
 * Runtimes that Lambda still patches: nodejs22.x until 2027-04-30 (Lambda developer guide, "Lambda runtimes", read
 * 2026-11-21).
 */
const RUNTIMES = [
  "nodejs22.x",
  "nodejs24.x",
  "python3.12",
  "python3.13",
  "python3.14",
  "java21",
  "java25",
  "provided.al2023",
  "dotnet8",
  "ruby3.3",
  "ruby3.4",
];

/** Patterns of secret values. */
const SECRETS: Readonly<Record<string, RegExp>> = {
  "an AWS access key": /\b(AKIA|ASIA)[A-Z0-9]{16}\b/,
  // 40 characters of base64 with a sign, both cases and a digit; a hash in hexadecimal has no sign.
  "an AWS secret key": new RegExp(
    "(?<![A-Za-z0-9/+=])(?=[A-Za-z0-9/+]*[+/])(?=[A-Za-z0-9/+]*[a-z])(?=[A-Za-z0-9/+]*[A-Z])" +
      "(?=[A-Za-z0-9/+]*\\d)[A-Za-z0-9/+]{40}(?![A-Za-z0-9/+=])",
  ),
  "a private key": /-----BEGIN [A-Z ]*PRIVATE KEY-----/,
  "a token of a forge": /\b(gh[pousr]_[A-Za-z0-9]{36}|github_pat_\w{22,}|glpat-[\w-]{20})/,
  "a key of a model's vendor": /\bsk-[A-Za-z0-9_-]{20,}/,
  "a token of a chat": /\bxox[abprs]-[A-Za-z0-9-]{10,}/,
  "a signed token": /\beyJ[\w-]{10,}\.eyJ[\w-]{10,}\./,
  "a password in an address": /\b[a-z][a-z0-9+.-]*:\/\/[^/\s:@]*:[^/\s:@]+@/,
};

/** Names of variables that hold a secret. A name that says where a secret is kept is not among them. */
const SECRET_NAME = /(^|_)(PASSWORD|PASSWD|SECRET|TOKEN|API_?KEY|PRIVATE_?KEY|ACCESS_?KEY)$/i;

/** Attributes of other resources that hold a secret. */
const SECRET_SOURCE = /\.(secret_string|secret_binary|password|private_key\w*|token|secret)$/;

/** Everybody who may read plans, states or the console sees the environment. */
const judgeEnvironment: Evaluate = (target) => {
  const variables = target.get("environment", 0, "variables");
  if (variables === undefined) return NOT_APPLICABLE;
  if (variables instanceof Unknown || typeof variables !== "object" || variables === null)
    return unknownUntilApply("environment[0].variables");
  return Object.entries(variables).map(([name, value]) => namePart(name, judgeVariable(name, value)));
};

/** The message never holds the value. */
function judgeVariable(name: string, value: unknown): Judgement {
  const variable = `environment[0].variables.${name}`;
  const source = value instanceof Unknown ? (value.source ?? "") : "";
  if (SECRET_SOURCE.test(source))
    return fail(`${variable} is ${source}; allowed: the ARN of a secret, which the function reads when it starts.`);
  if (isUnclear(value)) return unknownUntilApply(variable);
  const found = Object.entries(SECRETS).find(([, pattern]) => pattern.test(String(value)))?.[0];
  if (found !== undefined)
    return fail(
      `${variable} looks like ${found}; allowed: the name or ARN of a secret, which the function reads when it starts.`,
    );
  return passIf(
    !SECRET_NAME.test(name) || String(value) === "" || String(value).startsWith("arn:"),
    `${variable} has the name of a secret; allowed: the ARN of one, in a variable such as ${name}_ARN.`,
  );
}

/** Whoever may update a function's code can bypass Terraform, which compares only with its own hash. */
const judgeDeployedCode: Evaluate = (target) => {
  const [packaged, deployed] = [target.get("source_code_hash"), target.get("code_sha256")];
  // Without a package there is nothing to compare: an imported function has an empty hash.
  if (packaged === undefined || packaged === "" || deployed === undefined || isUnclear(deployed)) return NOT_APPLICABLE;
  if (isUnclear(packaged)) return unknownUntilApply("source_code_hash");
  return passIf(
    packaged === deployed,
    `code_sha256 is ${target.describe("code_sha256")}; allowed: source_code_hash, ` +
      `${target.describe("source_code_hash")}, the hash of the package. Live versions do not change, ` +
      'but the next version would have the other code: RUNBOOK.md, "Other code than the package\'s".',
  );
};

const judgeIsChosen = (target: AuditedResource, name: string, byDefault: number): Judgement =>
  namePart(
    name,
    judgeAttribute(target, [name], {
      holds: (value) => target.isConfigured(name) || (value !== undefined && value !== byDefault),
      allowed: "a value of your own",
    }),
  );

const judgeOrigins: Evaluate = (url) => {
  const allowsAll = (name: string) => {
    const values = url.get("cors", 0, name);
    return Array.isArray(values) && values.includes("*");
  };
  return [
    namePart("authorization_type", judgeAttribute(url, ["authorization_type"], isOneOf("AWS_IAM"))),
    namePart(
      "cors",
      passIf(
        !(allowsAll("allow_origins") && allowsAll("allow_methods")),
        'cors[0] has "*" among allow_origins and allow_methods; allowed: one of them, or names.',
      ),
    ),
  ];
};

/** Without a source, any API or rule in AWS may have the service call the function. */
const judgeSource: Evaluate = (permission) => {
  if (!String(permission.get("principal")).endsWith(".amazonaws.com")) return NOT_APPLICABLE;
  return passIf(
    permission.get("source_arn") !== undefined || permission.get("source_account") !== undefined,
    "source_arn and source_account are not given, " +
      `and ${permission.describe("principal")} calls for anybody; allowed: one of them.`,
  );
};

export const FUNCTION_RULES: readonly Rule[] = [
  {
    id: "function-environment-holds-no-secret",
    title: "No variable of a function is a secret",
    asks: ["CKV_AWS_45"],
    severity: "critical",
    types: [FUNCTION],
    evaluate: judgeEnvironment,
  },
  attributeRule({
    id: "function-is-traced",
    title: "The function is traced",
    asks: ["CKV_AWS_50", "LambdaTracing"],
    severity: "info",
    types: [FUNCTION],
    path: ["tracing_config", 0, "mode"],
    // Checkov also accepts PassThrough, which traces only requests that were traced before.
    demand: isOneOf("Active"),
  }),
  attributeRule({
    id: "function-concurrency-is-limited",
    title: "The function's concurrency has a limit of its own",
    asks: ["CKV_AWS_115", "LambdaConcurrency"],
    severity: "info",
    types: [FUNCTION],
    path: ["reserved_concurrent_executions"],
    demand: {
      // The value may be a text, which checkov's check overlooks.
      holds: (value) => value !== undefined && Number(value) >= 0,
      allowed: "a number from 0 on; -1 is no limit",
    },
  }),
  attributeRule({
    id: "function-has-a-dead-letter-queue",
    title: "Events that the function fails on are kept",
    asks: ["CKV_AWS_116", "LambdaDLQ"],
    severity: "info",
    types: [FUNCTION],
    path: ["dead_letter_config", 0, "target_arn"],
    demand: isGiven("the ARN of a queue or topic"),
  }),
  attributeRule({
    id: "function-is-in-a-network",
    title: "The function runs in the customer's network",
    asks: ["CKV_AWS_117"],
    severity: "info",
    types: [FUNCTION],
    path: ["vpc_config", 0, "subnet_ids"],
    demand: isGiven("subnets"),
  }),
  attributeRule({
    id: "function-code-is-signed",
    title: "Lambda accepts only signed code",
    asks: ["CKV_AWS_272"],
    severity: "info",
    types: [FUNCTION],
    path: ["code_signing_config_arn"],
    demand: isGiven("the ARN of a code signing configuration"),
  }),
  {
    id: "function-runs-the-package",
    title: "The code in AWS is the package's, byte by byte",
    severity: "critical",
    types: [FUNCTION],
    evaluate: judgeDeployedCode,
  },
  attributeRule({
    id: "function-runtime-is-supported",
    title: "The function's runtime still gets security patches",
    asks: ["CKV_AWS_363", "AwsSolutions-L1"],
    severity: "warning",
    types: [FUNCTION],
    path: ["runtime"],
    // An image has no runtime.
    demand: { ...isOneOf(undefined, ...RUNTIMES), allowed: RUNTIMES.join(", ") },
  }),
  // Lambda's defaults, 128 MiB and 3 s, suit no function here.
  {
    id: "function-memory-and-time-are-chosen",
    title: "The function's memory and time-out are chosen",
    asks: ["LambdaDefaultMemorySize", "LambdaDefaultTimeout"],
    severity: "info",
    types: [FUNCTION],
    evaluate: (target) => [judgeIsChosen(target, "memory_size", 128), judgeIsChosen(target, "timeout", 3)],
  },
  {
    id: "function-url-is-authorized",
    title: "A function's URL authenticates its callers, and does not open every method to every origin",
    asks: ["CKV_AWS_258", "CKV2_AWS_75"],
    severity: "critical",
    types: ["aws_lambda_function_url"],
    evaluate: judgeOrigins,
  },
  {
    id: "function-permission-has-a-source",
    title: "A service may call the function only for a named source",
    asks: ["CKV_AWS_364"],
    severity: "warning",
    types: [PERMISSION],
    evaluate: judgeSource,
  },
  attributeRule({
    id: "function-permission-names-its-caller",
    title: "Who may call the function is named",
    asks: ["CKV_AWS_301"],
    severity: "critical",
    types: [PERMISSION],
    path: ["principal"],
    demand: { holds: (value) => value !== "*" && value !== undefined, allowed: "a service or an account" },
  }),
];
