import type { AuditedResource } from "../audited-plan";
import { fail, of, unknown, PASS, type Judgement, type Rule } from "../rule";
import { Unknown } from "../unknown";

/** Body, and what else a rule of a web ACL may be too small to read whole. */
const OVERSIZED = ["body", "json_body", "cookies", "headers"];

/**
 * A web ACL reads the first 16 KB of an API's body, and passes the rest on unread where a rule says CONTINUE (AWS WAF
 * developer guide, "Oversize web request components"): prompts are longer than that.
 */
export const FIREWALL_READS_WHOLE_BODIES: Rule = {
  id: "firewall-reads-whole-bodies",
  title: "A request that the firewall cannot read whole does not pass unread",
  asks: [],
  severity: "warning",
  types: ["aws_wafv2_web_acl"],
  evaluate: (acl) => {
    const rules = acl.get("rule");
    if (rules instanceof Unknown) return [unknown("rule is known only after the apply.")];
    return ((rules ?? []) as readonly Readonly<Record<string, unknown>>[]).map((rule) =>
      of(String(rule["name"]), handling(rule, acl)),
    );
  },
};

function handling(rule: Readonly<Record<string, unknown>>, acl: AuditedResource): Judgement {
  const found = components(rule).find(
    ([, handled]) => handled === undefined || handled === null || handled === "CONTINUE",
  );
  return found === undefined
    ? PASS
    : fail(
        `${found[0]}[0].oversize_handling in ${acl.address} is ${JSON.stringify(found[1]) ?? "not given"}, so what does not fit is passed on unread; allowed: "MATCH" in a rule that blocks, "NO_MATCH" in one that allows.`,
      );
}

/** Every component of a rule that may be too long, with what is done then. */
function components(value: unknown): (readonly [name: string, handling: unknown])[] {
  if (Array.isArray(value)) return value.flatMap(components);
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([name, inner]) => {
    if (!OVERSIZED.includes(name) || !Array.isArray(inner) || inner.length === 0) return components(inner);
    return [[name, (inner[0] as Readonly<Record<string, unknown>>)["oversize_handling"]] as const];
  });
}
