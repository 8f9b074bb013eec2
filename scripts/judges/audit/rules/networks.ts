import { API_POLICY, deniesOtherNetworks, policyOf } from "../documents";
import { unknown, when, type Rule } from "../rule";
import { Unknown } from "../unknown";

/**
 * A private API is within reach of every endpoint of every account, until a policy says which (API Gateway developer
 * guide, "Private REST APIs in API Gateway").
 */
export const PRIVATE_API_NAMES_ITS_ENDPOINTS: Rule = {
  id: "private-api-names-its-endpoints",
  title: "A private API's policy denies every way but its endpoints",
  asks: [],
  severity: "critical",
  types: [API_POLICY.type],
  evaluate: (api, plan) => {
    const kind = api.get("endpoint_configuration", 0, "types", 0);
    if (kind instanceof Unknown) return [unknown("endpoint_configuration[0].types is known only after the apply.")];
    if (kind !== "PRIVATE") return [];
    const statements = policyOf(api, plan, API_POLICY);
    if (statements instanceof Unknown) return [unknown("The API's policy is known only after the apply.")];
    return [
      when(
        deniesOtherNetworks(statements),
        "The API is private, and its policy does not deny calls through other endpoints; allowed: a Deny for everybody with StringNotEquals of aws:SourceVpce.",
      ),
    ];
  },
};
