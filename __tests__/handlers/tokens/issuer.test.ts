import { fetchKeys } from "../../../handlers/tokens/issuer";

const ISSUER = "https://issuer.example/tenant";
const WELL_KNOWN = `${ISSUER}/.well-known/openid-configuration`;
const KEYS = { keys: [{ kty: "EC" }] };

function reading(documents: Readonly<Record<string, unknown>>) {
  const asked: string[] = [];
  const readJson = async (url: URL): Promise<unknown> => {
    asked.push(url.href);
    return documents[url.href];
  };
  return { asked, readJson };
}

test("the keys are where the issuer's own document says, on whatever host", async () => {
  const { asked, readJson } = reading({
    [WELL_KNOWN]: { issuer: ISSUER, jwks_uri: "https://keys.example/set" },
    "https://keys.example/set": KEYS,
  });
  expect(await fetchKeys(ISSUER, readJson)).toEqual(KEYS);
  expect(asked).toEqual([WELL_KNOWN, "https://keys.example/set"]);
});

test("a slash at the issuer's end is part of its name, and not of the address", async () => {
  const { asked, readJson } = reading({
    [WELL_KNOWN]: { issuer: `${ISSUER}/`, jwks_uri: `${ISSUER}/keys` },
    [`${ISSUER}/keys`]: KEYS,
  });
  expect(await fetchKeys(`${ISSUER}/`, readJson)).toEqual(KEYS);
  expect(asked[0]).toBe(WELL_KNOWN);
});

test.each([
  [
    "of another issuer",
    { issuer: "https://attacker.example", jwks_uri: "https://attacker.example/keys" },
    /is about another issuer than "https:\/\/issuer\.example\/tenant"; the setting jwt_issuer has to be the same/,
  ],
  [
    "of the issuer without its path",
    { issuer: "https://issuer.example", jwks_uri: `${ISSUER}/keys` },
    /is about another issuer/,
  ],
  ["that is a list", [], /gave no JSON object/],
  ["that is nothing", null, /gave no JSON object/],
  ["without an address of keys", { issuer: ISSUER }, /has no jwks_uri of the form https:\/\/<host>\/<path>/],
  [
    "with keys over plain HTTP",
    { issuer: ISSUER, jwks_uri: "http://issuer.example/keys" },
    /has no jwks_uri of the form/,
  ],
  ["with keys in a file", { issuer: ISSUER, jwks_uri: "file:///etc/passwd" }, /has no jwks_uri of the form/],
  [
    "with a user in the keys' address",
    { issuer: ISSUER, jwks_uri: "https://a:b@issuer.example/keys" },
    /has no jwks_uri of the form/,
  ],
  ["with a broken address", { issuer: ISSUER, jwks_uri: "keys" }, /has no jwks_uri of the form/],
])("a document %s is refused", async (_what, document, message) => {
  await expect(fetchKeys(ISSUER, reading({ [WELL_KNOWN]: document }).readJson)).rejects.toThrow(message);
});

test.each([[{ keys: "none" }], [{ keys: [1] }], [{}], [[]], [null]])("%j is no set of keys", async (keys) => {
  const { readJson } = reading({
    [WELL_KNOWN]: { issuer: ISSUER, jwks_uri: `${ISSUER}/keys` },
    [`${ISSUER}/keys`]: keys,
  });
  await expect(fetchKeys(ISSUER, readJson)).rejects.toThrow(
    /^The jwks_uri of https:\/\/issuer\.example\/tenant\/\.well-known\/openid-configuration gave no set of keys$/,
  );
});
