import { constants, generateKeyPairSync, sign, type JsonWebKey, type KeyObject } from "node:crypto";

/** How a key signs, as JSON Web Algorithms (RFC 7518) names it. */
export type SigningAlgorithm = "RS256" | "PS256" | "ES256" | "EdDSA";

/** A key pair of an issuer, and the tokens it signs. */
export class SigningKey {
  /** As the issuer publishes it: without its private half. */
  readonly jwk: JsonWebKey & { readonly kid: string; readonly alg: SigningAlgorithm; readonly use: "sig" };
  private readonly privateKey: KeyObject;

  constructor(
    readonly kid: string,
    readonly algorithm: SigningAlgorithm = "ES256",
  ) {
    const { publicKey, privateKey } = generate(algorithm);
    this.privateKey = privateKey;
    this.jwk = { ...publicKey.export({ format: "jwk" }), kid, alg: algorithm, use: "sig" };
  }

  /** A token in compact form. @param header on top of `alg`, `kid` and `typ` */
  token(claims: Readonly<Record<string, unknown>>, header: Readonly<Record<string, unknown>> = {}): string {
    const signed = `${base64url({ alg: this.algorithm, kid: this.kid, typ: "JWT", ...header })}.${base64url(claims)}`;
    return `${signed}.${this.signature(signed).toString("base64url")}`;
  }

  private signature(text: string): Buffer {
    const key = this.privateKey;
    if (this.algorithm === "EdDSA") return sign(null, Buffer.from(text), key);
    if (this.algorithm === "ES256") return sign("sha256", Buffer.from(text), { key, dsaEncoding: "ieee-p1363" });
    const padding =
      this.algorithm === "PS256"
        ? { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST }
        : {};
    return sign("sha256", Buffer.from(text), { key, ...padding });
  }
}

function generate(algorithm: SigningAlgorithm): { publicKey: KeyObject; privateKey: KeyObject } {
  if (algorithm === "ES256") return generateKeyPairSync("ec", { namedCurve: "P-256" });
  return algorithm === "EdDSA" ? generateKeyPairSync("ed25519") : generateKeyPairSync("rsa", { modulusLength: 2_048 });
}

/** A part of a token. */
export function base64url(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString("base64url");
}
