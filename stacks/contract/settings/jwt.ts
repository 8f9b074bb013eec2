import { numberBetween, type Rule, type Setting } from "./setting";

/**
 * Rule of `authorization`: jwt needs an issuer and an audience. Only one variable has the rule, because validations
 * that read each other are a cycle.
 */
export const jwtIsComplete: Rule = {
  condition: 'var.authorization != "jwt" || (var.jwt_issuer != null && length(var.jwt_audiences) > 0)',
  message:
    "allowed only with jwt_issuer, whose tokens are taken, and jwt_audiences, at least one, that they are made " +
    "for; set both too",
};

/** A Lambda function's environment holds 4 KiB in all. */
const MAX_JSON_BYTES = 1_500;

/** Rule for a list of texts. */
const allowTexts = (name: string): Rule => ({
  condition:
    `length(distinct(var.${name})) == length(var.${name}) && alltrue([for each in var.${name} : ` +
    `can(regex("^[!-~]{1,256}$", each))]) && length(jsonencode(var.${name})) <= ${MAX_JSON_BYTES}`,
  message:
    "allowed: different texts, each of 1 to 256 printable ASCII characters without spaces, and at most 1,500 " +
    "bytes as JSON",
});

/** With `authorization` = jwt: the tokens that are accepted. */
export const jwtSettings = [
  {
    name: "jwt_issuer",
    type: "string",
    description:
      "With authorization = jwt: URL of the OpenID Connect issuer, letter by letter as its tokens name it in " +
      "iss, with or without a slash at the end. Its keys are found at <issuer>/.well-known/openid-configuration.",
    value: null,
    pattern: {
      expression: "^https://[A-Za-z0-9.-]+(:[0-9]{1,5})?(/[A-Za-z0-9._~/-]*)?$",
      meaning: "https://<host>, and if wanted :<port> and /<path>, without user, query and fragment",
    },
    effect: "new version",
  },
  {
    name: "jwt_audiences",
    type: "structured",
    terraformType: "list(string)",
    description:
      "With authorization = jwt: what aud of a token names, one of them at least. Without it a token that the " +
      "issuer made for another service would do.",
    value: [],
    effect: "new version",
    rules: [allowTexts("jwt_audiences")],
  },
  {
    name: "jwt_scopes",
    type: "structured",
    terraformType: "list(string)",
    description:
      "With authorization = jwt: the scopes (claim scope or scp) that a token needs, all of them; without one it " +
      "gets 403.",
    value: [],
    effect: "new version",
    rules: [allowTexts("jwt_scopes")],
  },
  {
    name: "jwt_clock_skew_in_seconds",
    ...numberBetween(0, 300, "seconds"),
    description:
      "With authorization = jwt: by how much the issuer's clock may differ; for so long a token is taken before " +
      "its nbf and after its exp.",
    value: 60,
    effect: "new version",
  },
  {
    name: "authorizer_ttl_in_seconds",
    ...numberBetween(0, 3600, "seconds"),
    description:
      "With authorization = jwt: how long API Gateway keeps the authorizer's answer to a token; 0 = not at all. " +
      "The front door refuses a token that has expired meanwhile, but a cached status answer of its owner is " +
      "given for up to this long after.",
    value: 300,
    effect: "deployment",
  },
] as const satisfies readonly Setting[];
