import type { AuditedResource } from "../audited-plan";
import {
  attribute,
  attributeRule,
  isGiven,
  isOneOf,
  PASS,
  fail,
  of,
  unknown,
  when,
  type Judgement,
  type Rule,
} from "../rule";
import { Unknown, isUnclear } from "../plan-json";

const FUNCTION = "aws_lambda_function";

/**
 * Runtimes that Lambda still patches, and for how long: nodejs22.x until 2027-04-30 (Lambda developer guide, "Lambda
 * runtimes", read 2026-11-21).
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

/** What keys and tokens look like, wherever they stand. */
const SECRETS: Readonly<Record<string, RegExp>> = {
  "an AWS access key": /\b(AKIA|ASIA)[A-Z0-9]{16}\b/,
  "an AWS secret key":
    /(?<![A-Za-z0-9/+=])(?=[A-Za-z0-9/+]*[+/])(?=[A-Za-z0-9/+]*[a-z])(?=[A-Za-z0-9/+]*[A-Z])(?=[A-Za-z0-9/+]*\d)[A-Za-z0-9/+]{40}(?![A-Za-z0-9/+=])/,
  "a private key": /-----BEGIN [A-Z ]*PRIVATE KEY-----/,
  "a token of a forge": /\b(gh[pousr]_[A-Za-z0-9]{36}|github_pat_\w{22,}|glpat-[\w-]{20})/,
  "a key of a model's vendor": /\bsk-[A-Za-z0-9_-]{20,}/,
  "a token of a chat": /\bxox[abprs]-[A-Za-z0-9-]{10,}/,
  "a signed token": /\beyJ[\w-]{10,}\.eyJ[\w-]{10,}\./,
  "a password in an address": /\b[a-z][a-z0-9+.-]*:\/\/[^/\s:@]*:[^/\s:@]+@/,
};

/** What a variable is called that holds a secret; one that names where a secret is kept is none. */
const SECRET_NAME = /(^|_)(PASSWORD|PASSWD|SECRET|TOKEN|API_?KEY|PRIVATE_?KEY|ACCESS_?KEY)$/i;

/** Plans, states and consoles show an environment to everybody who may read them. */
const ENVIRONMENT_HOLDS_NO_SECRET: Rule = {
  id: "function-environment-holds-no-secret",
  title: "No variable of a function is a secret",
  asks: ["CKV_AWS_45"],
  severity: "critical",
  types: [FUNCTION],
  evaluate: (target) => {
    const variables = target.get("environment", 0, "variables");
    if (variables === undefined) return [];
    if (variables instanceof Unknown || typeof variables !== "object" || variables === null)
      return [unknown("environment[0].variables is known only after the apply.")];
    return Object.entries(variables).map(([name, value]) => of(name, secretIn(name, value)));
  },
};

/** The message never holds the value. */
function secretIn(name: string, value: unknown): Judgement {
  if (
    value instanceof Unknown &&
    /\.(secret_string|secret_binary|password|private_key\w*|token|secret)$/.test(value.source ?? "")
  )
    return fail(
      `environment[0].variables.${name} is ${value.source ?? ""}; allowed: the ARN of a secret, which the function reads when it starts.`,
    );
  if (isUnclear(value)) return unknown(`environment[0].variables.${name} is known only after the apply.`);
  const found = Object.entries(SECRETS).find(([, pattern]) => pattern.test(String(value)))?.[0];
  if (found !== undefined)
    return fail(
      `environment[0].variables.${name} looks like ${found}; allowed: the name or ARN of a secret, which the function reads when it starts.`,
    );
  if (!SECRET_NAME.test(name) || String(value) === "" || String(value).startsWith("arn:")) return PASS;
  return fail(
    `environment[0].variables.${name} is called like a secret; allowed: the ARN of one, in a variable such as ${name}_ARN.`,
  );
}

const FUNCTION_IS_TRACED = attributeRule({
  id: "function-is-traced",
  title: "The function is traced",
  asks: ["CKV_AWS_50", "LambdaTracing"],
  severity: "info",
  type: FUNCTION,
  path: ["tracing_config", 0, "mode"],
  // Checkov takes PassThrough too, which traces only what came traced.
  holds: isOneOf("Active"),
  allowed: '"Active"',
});

const FUNCTION_CONCURRENCY_IS_LIMITED = attributeRule({
  id: "function-concurrency-is-limited",
  title: "The function has a limit of its own to how many run at once",
  asks: ["CKV_AWS_115", "LambdaConcurrency"],
  severity: "info",
  type: FUNCTION,
  path: ["reserved_concurrent_executions"],
  // As a text too, as checkov's own check overlooks.
  holds: (value) => value !== undefined && Number(value) >= 0,
  allowed: "a number from 0 on; -1 is no limit",
});

const FUNCTION_HAS_A_DEAD_LETTER_QUEUE = attributeRule({
  id: "function-has-a-dead-letter-queue",
  title: "Events that the function fails on are kept",
  asks: ["CKV_AWS_116", "LambdaDLQ"],
  severity: "info",
  type: FUNCTION,
  path: ["dead_letter_config", 0, "target_arn"],
  holds: isGiven,
  allowed: "the ARN of a queue or topic",
});

const FUNCTION_IS_IN_A_NETWORK = attributeRule({
  id: "function-is-in-a-network",
  title: "The function runs in a network of the customer's",
  asks: ["CKV_AWS_117"],
  severity: "info",
  type: FUNCTION,
  path: ["vpc_config", 0, "subnet_ids"],
  holds: isGiven,
  allowed: "subnets",
});

const FUNCTION_CODE_IS_SIGNED = attributeRule({
  id: "function-code-is-signed",
  title: "Lambda takes signed code alone",
  asks: ["CKV_AWS_272"],
  severity: "info",
  type: FUNCTION,
  path: ["code_signing_config_arn"],
  holds: isGiven,
  allowed: "the ARN of a code signing configuration",
});

/**
 * Whoever may update a function's code can do so past terraform, which goes by its own hash alone and leaves what is
 * there.
 */
const FUNCTION_RUNS_THE_PACKAGE: Rule = {
  id: "function-runs-the-package",
  title: "The code in AWS is the package's, byte by byte",
  asks: [],
  severity: "critical",
  types: [FUNCTION],
  evaluate: (target) => {
    const [packaged, deployed] = [target.get("source_code_hash"), target.get("code_sha256")];
    // Without a package there is nothing to compare (a function that was imported has an empty hash), and what an apply
    // uploads is the package.
    if (packaged === undefined || packaged === "" || deployed === undefined || isUnclear(deployed)) return [];
    if (isUnclear(packaged)) return [unknown("source_code_hash is known only after the apply.")];
    return [
      when(
        packaged === deployed,
        `code_sha256 is ${target.shown("code_sha256")}; allowed: source_code_hash, ${target.shown("source_code_hash")}, the hash of the package. Versions that are live stay what they are, and the next would be made of it: RUNBOOK.md, "Other code than the package's".`,
      ),
    ];
  },
};

const FUNCTION_RUNTIME_IS_SUPPORTED = attributeRule({
  id: "function-runtime-is-supported",
  title: "The function's runtime still gets security patches",
  asks: ["CKV_AWS_363", "AwsSolutions-L1"],
  severity: "warning",
  type: FUNCTION,
  path: ["runtime"],
  // An image brings its own.
  holds: isOneOf(undefined, ...RUNTIMES),
  allowed: RUNTIMES.join(", "),
});

/** Lambda's own, 128 MiB and 3 s, fit nothing. */
const FUNCTION_HAS_MEMORY_AND_TIME: Rule = {
  id: "function-memory-and-time-are-chosen",
  title: "The function's memory and time-out are chosen",
  asks: ["LambdaDefaultMemorySize", "LambdaDefaultTimeout"],
  severity: "info",
  types: [FUNCTION],
  evaluate: (target) => [chosen(target, "memory_size", 128), chosen(target, "timeout", 3)],
};

function chosen(target: AuditedResource, name: string, byDefault: number): Judgement {
  const judged = attribute(
    target,
    [name],
    (value) => target.gives(name) || (value !== undefined && value !== byDefault),
    "a value of your own",
  );
  return of(name, judged);
}

const FUNCTION_URL_IS_AUTHORIZED: Rule = {
  id: "function-url-is-authorized",
  title: "A function's URL asks who calls, and no page of any origin may use it",
  asks: ["CKV_AWS_258", "CKV2_AWS_75"],
  severity: "critical",
  types: ["aws_lambda_function_url"],
  evaluate: (url) => [
    of("authorization_type", attribute(url, ["authorization_type"], isOneOf("AWS_IAM"), '"AWS_IAM"')),
    of(
      "cors",
      when(!everyOrigin(url), 'cors[0] has "*" among allow_origins and allow_methods; allowed: one of them, or names.'),
    ),
  ],
};

function everyOrigin(url: AuditedResource): boolean {
  const has = (name: string) =>
    ((url.get("cors", 0, name) as readonly unknown[] | undefined) ?? []).includes?.("*") === true;
  return has("allow_origins") && has("allow_methods");
}

/** Without a source, whoever has any API or rule in AWS may have it call the function. */
const PERMISSION_HAS_A_SOURCE: Rule = {
  id: "function-permission-has-a-source",
  title: "A service may call the function for one source alone",
  asks: ["CKV_AWS_364"],
  severity: "warning",
  types: ["aws_lambda_permission"],
  evaluate: (permission) => {
    if (!String(permission.get("principal")).endsWith(".amazonaws.com")) return [];
    const [arn, account] = [permission.get("source_arn"), permission.get("source_account")];
    return [
      when(
        arn !== undefined || account !== undefined,
        `source_arn and source_account are not given, and ${permission.shown("principal")} calls for anybody; allowed: one of them.`,
      ),
    ];
  },
};

const PERMISSION_NAMES_ITS_CALLER: Rule = {
  id: "function-permission-names-its-caller",
  title: "Who may call the function is named",
  asks: ["CKV_AWS_301"],
  severity: "critical",
  types: ["aws_lambda_permission"],
  evaluate: (permission) => [
    attribute(permission, ["principal"], (value) => value !== "*" && value !== undefined, "a service or an account"),
  ],
};

export const FUNCTION_RULES: readonly Rule[] = [
  ENVIRONMENT_HOLDS_NO_SECRET,
  FUNCTION_RUNS_THE_PACKAGE,
  FUNCTION_HAS_MEMORY_AND_TIME,
  FUNCTION_URL_IS_AUTHORIZED,
  PERMISSION_HAS_A_SOURCE,
  PERMISSION_NAMES_ITS_CALLER,
  FUNCTION_IS_TRACED,
  FUNCTION_CONCURRENCY_IS_LIMITED,
  FUNCTION_HAS_A_DEAD_LETTER_QUEUE,
  FUNCTION_IS_IN_A_NETWORK,
  FUNCTION_CODE_IS_SIGNED,
  FUNCTION_RUNTIME_IS_SUPPORTED,
];
