import { readAuthorizerSettings, type Variables } from "../settings";
import { tokenAuthorizer, type TokenAuthorizer } from "../tokens/authorize";
import { openKeys } from "../tokens/keys";
import { fetchKeys, readJson } from "../tokens/issuer";
import { tokenVerifier } from "../tokens/verify";
import { nowMs, openLog } from "./process";

/** Builds the authorizer from its environment, once per cold start. Throws where a variable is missing or wrong. */
export function openAuthorizer(variables: Variables): TokenAuthorizer {
  const { deployment, ...rules } = readAuthorizerSettings(variables);
  const log = openLog(deployment);
  const keys = openKeys({ fetchKeys: () => fetchKeys(rules.issuer, readJson), nowMs, log });
  return tokenAuthorizer({ verify: tokenVerifier({ rules, keys, nowMs }), nowMs, log });
}
