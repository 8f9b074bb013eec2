import type { Setting } from "./setting";

/** What stands between the internet and the stage, beside throttling. */
export const firewallSettings = [
  {
    name: "waf_enabled",
    type: "bool",
    description:
      "Puts AWS WAF in front of the stage: a rate for each address, no body above 64 KiB, and AWS's rules against known attacks; those that look into prompts only count. About $10 a month and $0.60 a million requests.",
    value: false,
    effect: "in place",
  },
  {
    name: "waf_rate_limit",
    type: "number",
    unit: "requests",
    description:
      "With waf_enabled: how many requests an address may make in five minutes, polls among them. Behind a distribution the address is the first of X-Forwarded-For, which a caller can make up.",
    value: 10_000,
    minimum: 10,
    maximum: 2_000_000_000,
    effect: "in place",
  },
] as const satisfies readonly Setting[];
