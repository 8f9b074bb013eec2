import type { JSONWebKeySet } from "jose";
import type { ReadJson } from "./read-json";

/**
 * The keys that an issuer signs with, found by OpenID Connect Discovery 1.0, section 4. The document has to name the
 * very issuer that it was asked for, and the keys come over HTTPS, from any host: large issuers keep them on another
 * one.
 * @param issuer as tokens name it in `iss`, with or without a slash at its end
 */
export async function fetchKeys(issuer: string, readJson: ReadJson): Promise<JSONWebKeySet> {
  const address = new URL(`${issuer.replace(/\/$/, "")}/.well-known/openid-configuration`);
  const document = await readJson(address);
  if (!isObject(document)) throw new Error(`${address.href} gave no JSON object`);
  if (document["issuer"] !== issuer)
    throw new Error(
      `${address.href} is about another issuer than ${JSON.stringify(issuer)}; the setting jwt_issuer has to be the same, letter by letter`,
    );
  const keys = await readJson(keysAddress(document["jwks_uri"], address));
  if (!isObject(keys) || !Array.isArray(keys["keys"]) || !keys["keys"].every(isObject))
    throw new Error(`The jwks_uri of ${address.href} gave no set of keys`);
  return keys as unknown as JSONWebKeySet;
}

function keysAddress(given: unknown, source: URL): URL {
  const url = typeof given === "string" && URL.canParse(given) ? new URL(given) : undefined;
  if (url?.protocol !== "https:" || url.username !== "" || url.password !== "")
    throw new Error(`${source.href} has no jwks_uri of the form https://<host>/<path>`);
  return url;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
